// Plain JavaScript on purpose: an older Node cannot even read the TypeScript that would tell its user so.
const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 26) {
  process.stderr.write(
    `synod needs Node 26 or later and this is ${process.versions.node} (${process.execPath}): ` +
      "run it through npm (npm start, npm run synod -- …), which uses the Node that npm install has put beside it.\n",
  );
  process.exit(1);
}

/** Needs the program `openssl`. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { TestAuthority } from "@synod/store/server/testing/certificates";
import { clientTls, peerTls, type TlsDemands, type TlsSettings } from "./tls-files.ts";

const authority = new TestAuthority();
const server = authority.issue("server");
after(() => authority.remove());

const none: TlsSettings = {
  certFile: undefined,
  keyFile: undefined,
  trustedCaFile: undefined,
  clientCertAuth: false,
};
const given: TlsSettings = { ...none, certFile: server.certFile, keyFile: server.keyFile };

function fails(settings: TlsDemands, sentence: RegExp): void {
  assert.throws(
    () => clientTls(settings),
    (error: Error & { code: string }) => error.code === "settings" && sentence.test(error.message),
  );
}

function heldBy(settings: TlsSettings): object {
  const { files, ...held } = clientTls(settings) ?? {};
  assert.deepEqual(files?.read(), held, "what is read again is the same");
  return held;
}

test("without files clients speak plainly; with them the port has what they hold", () => {
  assert.equal(clientTls(none), undefined);
  assert.deepEqual(heldBy(given), { cert: server.cert, key: server.key });
  assert.deepEqual(heldBy({ ...given, trustedCaFile: authority.certFile, clientCertAuth: true }), {
    cert: server.cert,
    key: server.key,
    ca: authority.cert,
    requestCert: true,
  });
});

test("one sentence says which setting is missing", () => {
  fails({ ...given, keyFile: undefined }, /^--cert-file has no --key-file beside it: give both or neither$/);
  fails({ ...given, certFile: undefined }, /^--key-file has no --cert-file beside it/);
  fails({ ...given, clientCertAuth: true }, /^--client-cert-auth .* give --trusted-ca-file$/);
  fails({ ...none, trustedCaFile: authority.certFile }, /need TLS: give --cert-file and --key-file, too$/);
  fails({ ...none, allowedHostname: "localhost" }, /--client-cert-allowed-hostname need TLS/);
  fails({ ...given, allowedHostname: "localhost" }, /that nobody asks for: give --client-cert-auth, too$/);
  const asked = { ...given, trustedCaFile: authority.certFile, clientCertAuth: true };
  assert.throws(() => peerTls({ ...asked, allowedCn: "a", allowedHostname: "b" }), /exclude each other: give one/);
});

test("one sentence says which file is wrong, and how", () => {
  const noise = join(authority.folder, "noise");
  writeFileSync(noise, "neither this nor that\n");
  const other = authority.issue("other");
  fails({ ...given, certFile: `${noise}.gone` }, /noise\.gone \(--cert-file\) cannot be read \(ENOENT\): name a file/);
  fails({ ...given, certFile: noise }, /noise \(--cert-file\) holds no certificate in PEM \(/);
  fails({ ...given, keyFile: noise }, /noise \(--key-file\) holds no unencrypted private key in PEM \(/);
  fails(
    { ...given, keyFile: other.keyFile },
    /^the key in .*other\.key does not belong to the certificate in .*server\.crt/,
  );
  fails({ ...given, trustedCaFile: noise }, /noise \(--trusted-ca-file\) holds no certificate in PEM \(/);
});

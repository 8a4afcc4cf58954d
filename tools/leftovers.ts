/**
 * Loaded before each test file by `npm test`: a file whose tests have ended and which still keeps something open (a server,
 * a child, a timer) would run for ever. It is given some time to tidy up, then it fails and says what it holds.
 */
import { after } from "node:test";
import { isMainThread } from "node:worker_threads";

const patience = 20_000;

// Workers inherit what their process was started with.
if (isMainThread) after(() => void setTimeout(complain, patience).unref());

function complain(): void {
  const open = process.getActiveResourcesInfo().join(", ");
  process.stderr.write(
    `${process.argv[1]}: all tests ended ${patience / 1000} s ago, and these are still open: ${open}\n`,
  );
  process.exit(1);
}

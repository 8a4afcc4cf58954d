import { flushCompileCache } from "node:module";
import type { Logger } from "@synod/runtime/log/logger";
import type { NodeOptions, RunningNode } from "./node.ts";
import type { NodeMessage, ParentMessage } from "./up/messages.ts";

/**
 * Runs a node until a signal or its parent ends it.
 * @param ready called once, when it can answer requests
 * @throws CliError
 */
export async function runNode(options: () => Promise<NodeOptions>, logger: Logger, ready: () => void): Promise<void> {
  try {
    const { startRepairedNode } = await import("./repaired-node.ts"); // here, so that the other verbs start without it
    const node = await startRepairedNode(await options(), logger);
    const close = closer(node, logger);
    endOnSignal(close, process.send !== undefined);
    void node.failed.then((sentence) => {
      logger.error(sentence);
      tellParent({ type: "failed", sentence });
      close("this node cannot go on", 1);
    });
    await node.ready;
    // Now, and not at the end: what a start needs is worth keeping, what hours of load have compiled only costs memory.
    flushCompileCache();
    ready();
    logger.flush();
    tellParent({ type: "ready", leader: node.leader() });
  } catch (error) {
    tellParent({ type: "failed", sentence: (error as Error).message });
    throw error;
  }
}

type Close = (why: string, exitCode: number) => void;

/** Closes once, however often it is asked to, and ends the process. */
function closer(node: RunningNode, logger: Logger): Close {
  let closing = false;
  return (why, exitCode) => {
    if (closing) return;
    closing = true;
    process.exitCode = exitCode;
    logger.info(`closing: ${why}`);
    node
      .close()
      .then(() => logger.info("closed"))
      .catch((error: unknown) => {
        logger.error("could not close cleanly", { error });
        process.exitCode = 1;
      })
      .finally(() => {
        logger.flush();
        process.exit();
      });
  };
}

/** SIGTERM, and the end of whoever started us, close the node; so does SIGINT unless our parent gets it too. */
function endOnSignal(close: Close, supervised: boolean): void {
  process.on("SIGTERM", () => close("SIGTERM", 0));
  process.on("SIGINT", () => {
    if (!supervised) close("SIGINT", 0);
  });
  if (!supervised) return;
  process.on("disconnect", () => close("the process that started this node has ended", 0));
  process.on("message", (message: ParentMessage) => {
    if (message.type === "stop") close("asked to", 0);
  });
}

function tellParent(message: NodeMessage): void {
  if (process.send === undefined || !process.connected) return;
  process.send(message, undefined, {}, () => {}); // a parent that is gone is noticed by "disconnect"
}

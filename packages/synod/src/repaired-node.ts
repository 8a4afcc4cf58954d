import type { Logger } from "@synod/runtime/log/logger";
import { type NodeOptions, type RunningNode, startNode } from "./node.ts";

/** A state that goes wrong again and again does so for a reason that fetching it anew does not remove. */
const MOST_REPAIRS = 3;
const WITHIN_MS = 3_600_000;

/**
 * Runs a node that is started again when its state turns out to differ from what a majority has: it has set that aside, and
 * gets it anew. Whoever holds the node does not notice but for the moment in which it does not answer.
 *
 * @throws as startNode
 */
export async function startRepairedNode(
  options: NodeOptions,
  logger: Logger,
  start: typeof startNode = startNode,
): Promise<RunningNode> {
  let node = await start(options, logger);
  let closing = false;
  let repairing: Promise<void> = Promise.resolve();
  const repairs: number[] = [];
  const { promise: failed, resolve: fail } = Promise.withResolvers<string>();
  const repair = async (sentence: string): Promise<void> => {
    logger.error(sentence);
    await node.close();
    if (closing) return;
    node = await start(options, logger);
    watch();
    void node.ready.then(() => logger.info("the state that went wrong is set aside, and was fetched anew"));
  };
  const watch = (): void => {
    const { failed: stopped, diverged } = node;
    void stopped.then(async (sentence) => {
      while (repairs.length > 0 && performance.now() - repairs[0]! > WITHIN_MS) repairs.shift();
      if (closing || !(await diverged) || repairs.push(performance.now()) > MOST_REPAIRS) return fail(sentence);
      repairing = repair(sentence).catch((error: Error) => fail(error.message));
    });
  };
  watch();
  return {
    ready: node.ready,
    diverged: new Promise(() => {}),
    failed,
    leader: () => node.leader(),
    close: async () => {
      closing = true;
      await repairing;
      await node.close();
    },
  };
}

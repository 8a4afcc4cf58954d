import { type ChildProcess, spawn } from "node:child_process";
import { Lines } from "./lines.ts";
import type { NodeMessage, ParentMessage } from "./messages.ts";

/** A node to start: its name and the command line that runs it. */
export interface NodeProgram {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

export interface SupervisorEvents {
  line(name: string, line: string): void;
  /** A node's process has ended, asked or not. */
  ended(name: string, end: NodeEnd): void;
}

export interface NodeEnd {
  /** "exit code 1", "SIGKILL". */
  readonly how: string;
  readonly asked: boolean;
  /** What the node said before it ended, if it knew. */
  readonly sentence: string | undefined;
}

/**
 * Starts node processes, follows them and ends them: the ones it started, by their own process ids, and no others. It
 * restarts nothing: who watches a cluster learns most from a node that stays down.
 */
export class Supervisor {
  readonly #children: Map<string, Child> = new Map();
  readonly #events: SupervisorEvents;

  constructor(events: SupervisorEvents) {
    this.#events = events;
  }

  /** How many of the processes still run. */
  get running(): number {
    return [...this.#children.values()].filter(({ end }) => end === undefined).length;
  }

  /** The process id of a node, while it runs. */
  pidOf(name: string): number | undefined {
    const child = this.#children.get(name);
    return child?.end === undefined ? child?.process.pid : undefined;
  }

  /** @returns the leader's name as the node knows it, once the node is ready. Rejects with its sentence if it ends before. */
  start({ name, program, args }: NodeProgram): Promise<string | undefined> {
    const child: Child = {
      process: spawn(program, args, { stdio: ["ignore", "pipe", "pipe", "ipc"] }),
      asked: false,
      sentence: undefined,
      end: undefined,
    };
    this.#children.set(name, child);
    this.#follow(name, child.process.stdout as NodeJS.ReadableStream);
    this.#follow(name, child.process.stderr as NodeJS.ReadableStream);
    return new Promise((resolve, reject) => {
      child.process.on("message", (message: NodeMessage) => {
        if (message.type === "ready") resolve(message.leader);
        else child.sentence = message.sentence;
      });
      child.process.on("error", (error) => {
        child.sentence ??= `${name} cannot be started (${error.message})`;
      });
      child.process.on("close", (code, signal) => {
        child.end = { how: signal ?? `exit code ${code}`, asked: child.asked, sentence: child.sentence };
        this.#events.ended(name, child.end);
        reject(new Error(child.sentence ?? `${name} ended by ${child.end.how} before it was ready`));
      });
    });
  }

  /** Asks every node to end, waits, and kills what is left after `patience` milliseconds. @returns the names of the killed. */
  async stop(patience: number): Promise<string[]> {
    const left = [...this.#children.entries()].filter(([, child]) => child.end === undefined);
    const killed: string[] = [];
    const ends = left.map(async ([name, child]) => {
      child.asked = true;
      const closed = new Promise((resolve) => child.process.once("close", resolve));
      const stop: ParentMessage = { type: "stop" };
      if (child.process.connected) child.process.send(stop, () => {});
      else child.process.kill("SIGTERM");
      const timer = setTimeout(() => {
        if (child.process.kill("SIGKILL")) killed.push(name);
      }, patience);
      await closed;
      clearTimeout(timer);
    });
    await Promise.all(ends);
    return killed;
  }

  #follow(name: string, stream: NodeJS.ReadableStream): void {
    const lines = new Lines((line) => this.#events.line(name, line));
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => lines.push(text));
    stream.on("end", () => lines.end());
  }
}

interface Child {
  readonly process: ChildProcess;
  asked: boolean;
  sentence: string | undefined;
  end: NodeEnd | undefined;
}

import type { Requester, RequestFailure } from "@synod/runtime/group";
import type { StoreResult } from "../../state-machine.ts";
import { VERSION } from "../options.ts";
import type { StoreService } from "../service.ts";

/** What a probe is told. */
export interface ProbeAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

type Done = (answer: ProbeAnswer) => void;

/** Called once, with what is wrong; undefined: nothing. */
type Verdict = (complaint: string | undefined) => void;

export interface CheckCount {
  readonly probe: "/livez" | "/readyz";
  readonly check: string;
  success: number;
  error: number;
  /** The last time. */
  passed: boolean;
}

const JSON_TYPE = "application/json";
const TEXT = "text/plain; charset=utf-8";
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
/** Probes give up after about as long. */
const PATIENCE_MS = 1000;
const LIVEZ_CHECKS = ["serializable_read"] as const;
const READYZ_CHECKS = ["data_corruption", "serializable_read", "linearizable_read", "non_learner"] as const;
type Check = (typeof READYZ_CHECKS)[number];

/**
 * What etcd answers over plain HTTP beside its API: `/health` (with the answers of 3.4, or of 3.5 where the request has a
 * query), `/livez` and `/readyz` with their checks, `/version` and `/metrics`. Nobody needs to sign in for them.
 */
export class Probes implements Requester<StoreResult> {
  healthSuccesses = 0;
  healthFailures = 0;
  readonly checks: readonly CheckCount[];
  readonly #service: StoreService;
  readonly #metrics: () => string;
  readonly #reading = new Map<number, { verdict: Verdict; timer: NodeJS.Timeout }>();
  #nextToken = 0;

  /** @param metrics Prometheus text exposition */
  constructor(service: StoreService, metrics: () => string) {
    this.#service = service;
    this.#metrics = metrics;
    const counts = (probe: CheckCount["probe"], checks: readonly string[]): CheckCount[] =>
      checks.map((check) => ({ probe, check, success: 0, error: 0, passed: false }));
    this.checks = [...counts("/livez", LIVEZ_CHECKS), ...counts("/readyz", READYZ_CHECKS)];
  }

  /** @param done called once, now or within about a second. @returns false: the path is none of these */
  answer(method: string, target: string, done: Done): boolean {
    const [path = "", text] = target.split("?", 2);
    const query = new URLSearchParams(text);
    const found = this.#find(path, query);
    if (found === undefined) return false;
    if (method === "GET" || method === "HEAD") found(done);
    else done({ status: 405, type: TEXT, text: "Method Not Allowed\n" });
    return true;
  }

  #find(path: string, query: URLSearchParams): ((done: Done) => void) | undefined {
    if (path === "/health") return (done) => this.#health(query, done);
    if (path === "/metrics") return (done) => done({ status: 200, type: METRICS_TYPE, text: this.#metrics() });
    if (path === "/version") return (done) => done({ status: 200, type: JSON_TYPE, text: this.#version() });
    const [, probe, name, ...rest] = path.split("/");
    if ((probe !== "livez" && probe !== "readyz") || rest.length > 0) return undefined;
    const all: readonly Check[] = probe === "livez" ? LIVEZ_CHECKS : READYZ_CHECKS;
    const excluded = query.getAll("exclude");
    const checks = all.filter((check) => (name === undefined ? !excluded.includes(check) : check === name));
    if (name !== undefined && checks.length === 0) return undefined;
    return (done) => this.#runChecks(`/${probe}`, checks, query.has("verbose"), done);
  }

  /** Parts of all versions are digits alone: clients read them as numbers. */
  #version(): string {
    const { clusterVersion } = this.#service.areas.version;
    return `{"etcdserver":"${VERSION}","etcdcluster":"${clusterVersion}","storage":"${clusterVersion}"}`;
  }

  #health(query: URLSearchParams, done: Done): void {
    const plain = query.size === 0;
    const tell: Verdict = (reason) => {
      const healthy = reason === undefined;
      if (healthy) this.healthSuccesses++;
      else this.healthFailures++;
      const status = healthy ? 200 : 503;
      // Some probes compare the text, and know that of 3.4.
      if (plain) done({ status, type: TEXT, text: `{"health":"${healthy}"}` });
      else done({ status, type: JSON_TYPE, text: JSON.stringify({ health: String(healthy), reason: reason ?? "" }) });
    };
    const alarm = this.#service.areas.alarms.complaint(new Set(query.getAll("exclude")));
    if (alarm !== undefined) return tell(alarm);
    if (query.get("serializable") === "true") return tell(this.#readOwn());
    if (this.#service.group.status.leader === undefined) return tell("RAFT NO LEADER");
    this.#readLinearizable((complaint) => tell(complaint === undefined ? undefined : `RANGE ERROR:${complaint}`));
  }

  #runChecks(probe: CheckCount["probe"], checks: readonly Check[], verbose: boolean, done: Done): void {
    const lines: string[] = [];
    let failed = false;
    const next = (): void => {
      const check = checks[lines.length];
      if (check === undefined) {
        if (failed) done({ status: 503, type: TEXT, text: `${lines.join("")}\n` });
        else done({ status: 200, type: TEXT, text: `${verbose ? lines.join("") : ""}ok\n` });
        return;
      }
      this.#check(check, (complaint) => {
        this.#count(probe, check, complaint === undefined);
        failed ||= complaint !== undefined;
        lines.push(complaint === undefined ? `[+]${check} ok\n` : `[-]${check} failed: ${complaint}\n`);
        next();
      });
    };
    next();
  }

  #count(probe: CheckCount["probe"], check: Check, success: boolean): void {
    const count = this.checks.find((each) => each.probe === probe && each.check === check);
    if (count === undefined) return;
    count[success ? "success" : "error"]++;
    count.passed = success;
  }

  #check(check: Check, verdict: Verdict): void {
    const { areas, isLearner } = this.#service;
    if (check === "linearizable_read") this.#readLinearizable(verdict);
    else if (check === "serializable_read") verdict(this.#readOwn());
    else if (check === "data_corruption") verdict(areas.alarms.isCorrupt ? "alarm activated: CORRUPT" : undefined);
    else verdict(isLearner ? "not supported for learner" : undefined);
  }

  #readOwn(): string | undefined {
    try {
      this.#service.model.range({ key: PROBED });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #readLinearizable(verdict: Verdict): void {
    const { group } = this.#service;
    if (group.status.leader === undefined) return verdict("etcdserver: no leader");
    const token = this.#nextToken++;
    const timer = setTimeout(() => this.#settle(token, "etcdserver: request timed out"), PATIENCE_MS);
    this.#reading.set(token, { verdict, timer });
    group.read(this, token);
  }

  // --- Requester

  readable(token: number): void {
    this.#settle(token, undefined);
  }

  failed(token: number, reason: RequestFailure): void {
    this.#settle(token, FAILURES[reason]);
  }

  /** It proposes nothing. */
  applied(): void {}

  #settle(token: number, complaint: string | undefined): void {
    const reading = this.#reading.get(token);
    if (reading === undefined) return;
    this.#reading.delete(token);
    clearTimeout(reading.timer);
    reading.verdict(complaint);
  }
}

const PROBED = Uint8Array.from("health", (character) => character.charCodeAt(0));

const FAILURES: Readonly<Record<RequestFailure, string>> = {
  noLeader: "etcdserver: no leader",
  overloaded: "etcdserver: too many requests",
  timedOut: "etcdserver: request timed out",
  stopped: "etcdserver: server stopped",
};

import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const CONFIGURATION = join(import.meta.dirname, "../../../../examples/patroni/patroni.yml");
const POSTGRESQL = "/usr/lib/postgresql/15/bin";
const LOG_LIMIT = 1 << 20;

/** Undefined if Patroni and PostgreSQL can be started here. */
export function whyNoPatroni(): string | undefined {
  if (!existsSync("/usr/bin/patroni")) return "Patroni is not installed (Debian: patroni)";
  if (!existsSync(`${POSTGRESQL}/postgres`)) return "PostgreSQL is not installed (Debian: postgresql-15)";
  return undefined;
}

/** Whom PostgreSQL runs as: it refuses root. */
export function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

export interface PairPlan {
  readonly name: string;
  readonly folder: string;
  readonly restPort: number;
  readonly sqlPort: number;
  /** Of the store's nodes, host:port each. */
  readonly store: readonly string[];
  readonly user: { uid: number; gid: number } | undefined;
}

/** What Patroni says of its server. */
export interface Role {
  readonly role: string;
  readonly state: string;
  readonly replication_state?: string;
  readonly timeline?: number;
}

/** One Patroni and the PostgreSQL that it keeps. */
export class PatroniNode {
  readonly plan: PairPlan;
  log = "";
  #child: ChildProcess | undefined;

  constructor(plan: PairPlan) {
    this.plan = plan;
  }

  start(): void {
    const { name, folder, restPort, sqlPort, store, user } = this.plan;
    const env = {
      PATH: process.env.PATH ?? "",
      LANG: "C.UTF-8",
      PATRONI_NAME: name,
      PATRONI_ETCD3_HOSTS: store.join(","),
      PATRONI_RESTAPI_LISTEN: `127.0.0.1:${restPort}`,
      PATRONI_RESTAPI_CONNECT_ADDRESS: `127.0.0.1:${restPort}`,
      PATRONI_POSTGRESQL_LISTEN: `127.0.0.1:${sqlPort}`,
      PATRONI_POSTGRESQL_CONNECT_ADDRESS: `127.0.0.1:${sqlPort}`,
      PATRONI_POSTGRESQL_DATA_DIR: join(folder, name),
      PATRONI_POSTGRESQL_PGPASS: join(folder, `${name}.pgpass`),
    };
    const child = spawn("/usr/bin/patroni", [CONFIGURATION], { env, cwd: folder, ...user });
    child.stdin.end();
    this.#child = child;
    const keep = (bytes: Buffer): void => {
      this.log = (this.log + bytes.toString()).slice(-LOG_LIMIT);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => keep(Buffer.from(`${error.message}\n`)));
  }

  /** Patroni and PostgreSQL, at once and without a word. */
  kill(): void {
    this.#child?.kill("SIGKILL");
    const postmaster = this.#postmaster();
    if (postmaster === undefined) return;
    try {
      process.kill(postmaster, "SIGKILL"); // its children see that it is gone, and go
    } catch {} // it was gone already
  }

  /** Undefined while it does not answer. */
  async role(): Promise<Role | undefined> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.plan.restPort}/patroni`, {
        signal: AbortSignal.timeout(1000),
      });
      return (await answer.json()) as Role;
    } catch {
      return undefined;
    }
  }

  /** What a statement answers, a line for each row. @throws what PostgreSQL says against it. */
  async sql(statement: string): Promise<string> {
    const connection = `host=127.0.0.1 port=${this.plan.sqlPort} user=postgres dbname=postgres connect_timeout=2`;
    const { stdout } = await promisify(execFile)(
      `${POSTGRESQL}/psql`,
      ["--no-psqlrc", "-qtA", "-d", connection, "-c", statement],
      { env: { PGPASSWORD: "primary" }, timeout: 10_000 },
    );
    return stdout.trim();
  }

  #postmaster(): number | undefined {
    const file = join(this.plan.folder, this.plan.name, "postmaster.pid");
    return existsSync(file) ? Number(readFileSync(file, "utf8").split("\n")[0]) : undefined;
  }
}

import { DEFAULT_PREFIXES, type PrefixSettings } from "@synod/store/model/prefix-stats";
import type { CompactionSettings } from "@synod/store/server/maintenance/compaction-keeper";
import type { StoreServiceOptions } from "@synod/store/server/options";
import { CliError } from "./cli/errors.ts";

/** What of the store a node is told beside etcd's limits. */
export type StoreSettings = Pick<StoreServiceOptions, "compaction" | "audit" | "rateLimit">;

/** Named as the flags are. */
export interface StoreFlags {
  readonly autoCompactionMode: "periodic" | "revision";
  readonly autoCompactionRetention: string;
  readonly compactUnderPressure: "yes" | "no";
  /** Requests a second; 0: any number. */
  readonly rateLimit: number;
  /** 0: as many as in a second. */
  readonly rateBurst: number;
}

export interface MeasureFlags {
  /** 0: nothing is measured. */
  readonly prefixDepth: number;
  readonly prefixDelimiter: string;
}

/** @throws CliError "settings" */
export function storeSettings(flags: StoreFlags): StoreSettings {
  const { rateLimit: perSecond, rateBurst } = flags;
  const limit = perSecond === 0 ? {} : { rateLimit: { perSecond, burst: rateBurst === 0 ? perSecond : rateBurst } };
  return { compaction: compactionSettings(flags), ...limit };
}

/** @throws CliError "settings" */
export function measures({ prefixDepth: depth, prefixDelimiter }: MeasureFlags): { prefixes: PrefixSettings } {
  const [delimiter = 0, ...more] = Buffer.from(prefixDelimiter);
  if (more.length > 0) {
    throw new CliError("settings", `--prefix-delimiter is "${prefixDelimiter}": give one character of ASCII`);
  }
  return { prefixes: { ...DEFAULT_PREFIXES, delimiter, depth } };
}

function compactionSettings(flags: StoreFlags): CompactionSettings {
  const { autoCompactionMode: mode, autoCompactionRetention: text } = flags;
  const retention = parseRetention(mode, text);
  if (retention === undefined) {
    const wants =
      mode === "periodic" ? "hours (5), or a duration (1h30m, 10m, 30s)" : "how many revisions to keep (1000)";
    throw new CliError("settings", `--auto-compaction-retention is "${text}": give ${wants}, or 0 for none`);
  }
  return { mode, retention, underPressure: flags.compactUnderPressure === "yes" };
}

const HOUR = 3_600_000_000;
/** Microseconds. */
const UNITS: Readonly<Record<string, number>> = { h: HOUR, m: 60_000_000, s: 1_000_000, ms: 1000, us: 1, µs: 1 };

/**
 * As etcd reads it: a bare number is hours, or revisions; else a duration as Go writes it.
 * @returns microseconds or revisions; undefined: it is neither
 */
export function parseRetention(mode: "periodic" | "revision", text: string): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * (mode === "periodic" ? HOUR : 1);
  if (mode === "revision" || !/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs))+$/.test(text)) return undefined;
  let micros = 0;
  for (const [, number, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs)/g)) {
    micros += Number(number) * (UNITS[unit] as number);
  }
  return Number.isSafeInteger(Math.round(micros)) ? Math.round(micros) : undefined;
}

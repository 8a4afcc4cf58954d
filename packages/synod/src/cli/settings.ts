import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { CliError } from "./errors.ts";

/**
 * One setting of a verb. Its key in camelCase names it everywhere: `storePort` is `--store-port`, `SYNOD_STORE_PORT` and
 * `"storePort"` in the file, and they count in that order; the fallback counts last.
 */
export interface Setting<Value> {
  readonly about: string;
  /** What stands after the flag in the help; absent for a switch. */
  readonly placeholder?: string;
  /** "give …" of the error message. */
  readonly wants: string;
  /** @returns undefined when the text is not acceptable. */
  parse(text: string): Value | undefined;
  readonly fallback: Value;
}

// biome-ignore format: one line reads better
export type Settled<Settings> = { readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer Value> ? Value : never };

export type Settings = Readonly<Record<string, Setting<unknown>>>;

export interface SettingSources {
  /** As commander gives them: by camelCase key, absent when not on the command line. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The settings file: path and content, when one was named. */
  readonly file?: { readonly path: string; readonly text: string };
}

export function settle<S extends Settings>(settings: S, sources: SettingSources): Settled<S> {
  const file = sources.file === undefined ? {} : parseFile(settings, sources.file);
  const settled: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const candidates: [where: string, value: unknown][] = [
      [flagName(key), sources.flags[key]],
      [environmentName(key), sources.environment[environmentName(key)]],
      [`"${key}" in ${sources.file?.path}`, file[key]],
    ];
    const given = candidates.find(([, value]) => value !== undefined);
    settled[key] = given === undefined ? setting.fallback : parsed(setting, ...given);
  }
  return settled as Settled<S>;
}

/** Adds the settings' flags to a command, and `--config`. */
export function addSettings(command: Command, settings: Settings): Command {
  for (const [key, setting] of Object.entries(settings)) {
    const flag = setting.placeholder === undefined ? flagName(key) : `${flagName(key)} <${setting.placeholder}>`;
    const fallback = shown(setting.fallback);
    command.addOption(new Option(flag, fallback === "" ? setting.about : `${setting.about} (default: ${fallback})`));
  }
  return command.option(
    "--config <file>",
    "read settings from this JSON file; flags and SYNOD_… variables win over it",
  );
}

/** What a verb's action does first: the settings from this process's command line, environment and named file. */
export function settleFromProcess<S extends Settings>(settings: S, command: Command): Settled<S> {
  const flags = command.opts<Record<string, unknown>>();
  const path = flags.config ?? process.env.SYNOD_CONFIG;
  if (typeof path !== "string") return settle(settings, { flags, environment: process.env });
  return settle(settings, { flags, environment: process.env, file: { path, text: readSettings(path) } });
}

export function whole(
  about: string,
  fallback: number,
  from: number,
  to: number,
  placeholder = "number",
): Setting<number> {
  const parse = (text: string): number | undefined => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= from && value <= to ? value : undefined;
  };
  return { about, placeholder, wants: `a whole number from ${from} to ${to}`, parse, fallback };
}

/** As etcd's flags have it: a number of bytes, or less than 0 for no limit. */
export function bytes(about: string): Setting<number> {
  const parse = (text: string): number | undefined => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined);
  return { about, placeholder: "bytes", wants: "a whole number of bytes", parse, fallback: 0 };
}

export function text(about: string, fallback: string, placeholder = "text"): Setting<string> {
  return { about, placeholder, wants: "some text", parse: (given) => (given === "" ? undefined : given), fallback };
}

export function toggle(about: string): Setting<boolean> {
  const values: Readonly<Record<string, boolean>> = {
    true: true,
    "1": true,
    yes: true,
    false: false,
    "0": false,
    no: false,
  };
  return { about, wants: "true or false", parse: (given) => values[given], fallback: false };
}

export function oneOf<const Choice extends string>(about: string, choices: readonly Choice[]): Setting<Choice> {
  const parse = (given: string): Choice | undefined => choices.find((choice) => choice === given);
  return { about, placeholder: choices.join("|"), wants: choices.join(" or "), parse, fallback: choices[0] as Choice };
}

/** The same without a fallback: undefined when nobody says. */
export function optional<Value>(setting: Setting<Value>): Setting<Value | undefined> {
  return { ...setting, fallback: undefined };
}

/** Values between commas; in the file also an array. */
export function list(about: string, fallback: readonly string[], placeholder: string): Setting<readonly string[]> {
  const parse = (given: string): string[] | undefined => {
    const parts = given.split(",").map((part) => part.trim());
    return parts.includes("") ? undefined : parts;
  };
  return { about, placeholder, wants: "values with commas between them", parse, fallback };
}

export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function environmentName(key: string): string {
  return `SYNOD_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function parsed<Value>(setting: Setting<Value>, where: string, given: unknown): Value {
  const value = setting.parse(Array.isArray(given) ? given.join(",") : String(given));
  if (value === undefined) throw new CliError("settings", `${where} is "${given}": give ${setting.wants}`);
  return value;
}

function parseFile(settings: Settings, file: { path: string; text: string }): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(file.text);
  } catch (error) {
    throw new CliError("settings", `${file.path} is not JSON (${(error as Error).message}): correct it there`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content))
    throw new CliError("settings", `${file.path} does not hold a JSON object: write {"key": value, …}`);
  for (const key of Object.keys(content)) {
    if (settings[key] === undefined)
      throw new CliError(
        "settings",
        `${file.path} has "${key}", which is no setting: use ${Object.keys(settings).join(", ")}`,
      );
  }
  return content as Record<string, unknown>;
}

function readSettings(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CliError(
      "settings",
      `the settings file ${path} cannot be read (${(error as Error).message}): check --config`,
    );
  }
}

function shown(fallback: unknown): string {
  if (fallback === undefined || typeof fallback === "boolean") return "";
  return Array.isArray(fallback) ? fallback.join(",") : String(fallback);
}

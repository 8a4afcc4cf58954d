import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { CliError } from "../cli/errors.ts";
import { ETCD_FLAGS, type Kind } from "./flags.ts";

export interface EtcdSources {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What was given on the command line, in the environment or in the file: text, checked for its kind, by flag name. */
export class EtcdSettings {
  /** What is worth a line in the log: what was ignored, and why. */
  readonly remarks: readonly string[];
  readonly #given: ReadonlyMap<string, string>;

  constructor(given: ReadonlyMap<string, string>, remarks: readonly string[]) {
    this.#given = given;
    const idle = [...given.keys()].flatMap((name) => {
      const why = ETCD_FLAGS[name]?.idle;
      return why === undefined || given.get(name) === ETCD_FLAGS[name]?.fallback
        ? []
        : [`--${name} does nothing here: ${why}`];
    });
    this.remarks = [...remarks, ...idle];
  }

  isGiven(name: string): boolean {
    return this.#given.has(name);
  }

  /** As given, else etcd's default. */
  text(name: string): string {
    return this.#given.get(name) ?? (ETCD_FLAGS[name]?.fallback as string);
  }

  flag(name: string): boolean {
    return TRUE.has(this.text(name));
  }

  whole(name: string): number {
    return Number(this.text(name));
  }

  /** Without empty parts. */
  list(name: string): string[] {
    return this.text(name)
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  }
}

const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/**
 * As etcd reads them: what the command line says counts before the environment (`ETCD_DATA_DIR`); where a file is named,
 * it alone counts.
 * @throws CliError "usage": no such flag. "settings": a value that is none, a file that cannot be read
 */
export function readEtcdSettings({ args, environment }: EtcdSources): EtcdSettings {
  const flags = parseArguments(args);
  const remarks: string[] = [];
  const given = new Map<string, string>();
  for (const name of Object.keys(ETCD_FLAGS)) {
    const variable = variableOf(name);
    const value = environment[variable];
    if (value !== undefined && value !== "") given.set(name, checked(name, value, variable));
  }
  for (const variable of Object.keys(environment)) {
    const known = variable === "ETCD_UNSUPPORTED_ARCH" || ETCD_FLAGS[flagOf(variable)] !== undefined;
    if (variable.startsWith("ETCD_") && !known) remarks.push(`the environment variable ${variable} is no setting`);
  }
  for (const [name, value] of flags) given.set(name, checked(name, value, `--${name}`));
  const file = given.get("config-file");
  if (file === undefined || file === "") return new EtcdSettings(given, remarks);
  const ignored = given.size - 1;
  if (ignored > 0) remarks.push(`${file} counts alone: other flags and environment variables are ignored`);
  return readFile(file, remarks);
}

/** `--name=n1`, `--name n1`, `-name n1`, `--auto-tls`. */
function parseArguments(args: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [, name, , value] = /^--?([^=-][^=]*)(=(.*))?$/s.exec(args[i] as string) ?? [];
    if (name === undefined) throw new CliError("usage", `'${args[i]}' is not a valid flag`);
    const flag = ETCD_FLAGS[name];
    if (flag === undefined) throw new CliError("usage", `flag provided but not defined: -${name}`);
    if (value !== undefined) flags.set(name, value);
    else if (flag.kind === "flag") flags.set(name, "true");
    else if (i + 1 < args.length) flags.set(name, args[++i] as string);
    else throw new CliError("usage", `flag needs an argument: -${name}`);
  }
  return flags;
}

/** Keys of the two sections of etcd's file, and the flags they mean. */
const SECTIONS: Readonly<Record<string, (key: string) => string>> = {
  "client-transport-security": (key) => (key === "crl-file" || key.startsWith("cert-allowed") ? `client-${key}` : key),
  "peer-transport-security": (key) => (key.startsWith("allowed-") ? `peer-cert-${key}` : `peer-${key}`),
};

function readFile(path: string, remarks: string[]): EtcdSettings {
  const content = parsed(path);
  const given = new Map<string, string>();
  const take = (name: string, value: unknown, key: string): void => {
    if (value === null || value === undefined || value === "") return;
    if (ETCD_FLAGS[name] === undefined || name === "config-file") {
      remarks.push(`${path} has ${key}, which is no setting`);
      return;
    }
    const text = Array.isArray(value) ? value.join(",") : String(value);
    given.set(name, checked(name, text, `${key} in ${path}`));
  };
  for (const [key, value] of Object.entries(content)) {
    const flagOfKey = SECTIONS[key];
    if (flagOfKey === undefined) take(key, value, key);
    else for (const [inner, each] of Object.entries(value ?? {})) take(flagOfKey(inner), each, `${key}: ${inner}`);
  }
  return new EtcdSettings(given, remarks);
}

function parsed(path: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parse(readFileSync(path, "utf8"));
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    throw new CliError("settings", `the configuration ${path} cannot be read (${reason}): check --config-file`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content))
    throw new CliError("settings", `the configuration ${path} is no list of keys and values in YAML`);
  return content as Record<string, unknown>;
}

function checked(name: string, value: string, where: string): string {
  const { kind } = ETCD_FLAGS[name] as { kind: Kind };
  const wants = complaint(kind, value);
  if (wants !== undefined) throw new CliError("settings", `${where} is "${value}": give ${wants}`);
  return value;
}

/** @returns what would be right; undefined: it is */
function complaint(kind: Kind, value: string): string | undefined {
  if (typeof kind !== "string")
    return kind.includes(value) ? undefined : kind.filter((each) => each !== "").join(" or ");
  if (kind === "flag") return TRUE.has(value) || FALSE.has(value) ? undefined : "true or false";
  if (kind === "whole") return /^\d{1,15}$/.test(value) ? undefined : "a whole number";
  // In a file Go's durations are nanoseconds.
  if (kind === "duration")
    return /^(\d{1,18}|([\d.]+(h|m|s|ms|us|µs|ns))+)$/.test(value) ? undefined : "a duration, as 5s or 1h30m";
  return undefined;
}

function variableOf(name: string): string {
  return `ETCD_${name.replaceAll("-", "_").toUpperCase()}`;
}

function flagOf(variable: string): string {
  return variable.slice("ETCD_".length).toLowerCase().replaceAll("_", "-");
}

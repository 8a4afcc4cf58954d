import { assert } from "@synod/protocols/assert";
import { Counter, Gauge, Histogram } from "./instruments.ts";

type Instrument = Counter | Gauge | Histogram;
type Kind = "counter" | "gauge" | "histogram" | "untyped";

/** More children than this of one metric would be a label with values of clients: the surplus shares one child. */
const MAX_CHILDREN = 4096;

/** One metric with labels. Get the child of each combination once and keep it: the look-up is not for the hot path. */
export class Family<T extends Instrument> {
  readonly labelNames: readonly string[];
  readonly #create: () => T;
  readonly #children: Map<string, T> = new Map();

  constructor(labelNames: readonly string[], create: () => T) {
    for (const name of labelNames) assert(/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && name !== "le", `bad label ${name}`);
    this.labelNames = labelNames;
    this.#create = create;
  }

  /** @param values in the order of the label names @returns the child, shown as zero from now on */
  labels(...values: string[]): T {
    assert(values.length === this.labelNames.length, "a value for each label");
    const key = this.#key(values);
    let child = this.#children.get(key);
    if (child === undefined) {
      if (this.#children.size >= MAX_CHILDREN && values.some((value) => value !== "other")) {
        return this.labels(...values.map(() => "other"));
      }
      child = this.#create();
      this.#children.set(key, child);
    }
    return child;
  }

  /** By label text as it is printed: `To="2",group="1"`, empty without labels. */
  get children(): ReadonlyMap<string, T> {
    return this.#children;
  }

  /** Forgets all children: for labels of which only some are to be shown, and others each time. */
  clear(): void {
    this.#children.clear();
  }

  #key(values: readonly string[]): string {
    return values.map((value, i) => `${this.labelNames[i]}="${escapeLabel(value)}"`).join(",");
  }
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly kind: Kind;
  readonly family: Family<Instrument>;
}

/** All metrics of a process, and how they read in Prometheus' text exposition format (version 0.0.4). */
export class Registry {
  readonly #metrics: Map<string, Metric> = new Map();
  readonly #collectors: (() => void)[] = [];

  counter(name: string, help: string): Counter {
    return this.counters(name, help, []).labels();
  }

  gauge(name: string, help: string): Gauge {
    return this.gauges(name, help, []).labels();
  }

  /** A gauge whose name, which others have given it, reads like a counter's, or the other way about: it has no type then. */
  untyped(name: string, help: string): Gauge {
    return this.untypeds(name, help, []).labels();
  }

  /** @param buckets upper bounds, ascending, without +Inf */
  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return this.histograms(name, help, [], buckets).labels();
  }

  counters(name: string, help: string, labels: readonly string[]): Family<Counter> {
    return this.#add(name, help, "counter", new Family(labels, () => new Counter()));
  }

  gauges(name: string, help: string, labels: readonly string[]): Family<Gauge> {
    return this.#add(name, help, "gauge", new Family(labels, () => new Gauge()));
  }

  untypeds(name: string, help: string, labels: readonly string[]): Family<Gauge> {
    return this.#add(name, help, "untyped", new Family(labels, () => new Gauge()));
  }

  histograms(name: string, help: string, labels: readonly string[], buckets: readonly number[]): Family<Histogram> {
    assert(
      buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > (buckets[i - 1] as number))),
      `the buckets of ${name} ascend`,
    );
    return this.#add(name, help, "histogram", new Family(labels, () => new Histogram(buckets)));
  }

  /** Called before each `render`: for values that are cheaper to look up than to keep. */
  onRender(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** The page for `/metrics`; its content type is CONTENT_TYPE. */
  render(): string {
    for (const collect of this.#collectors) collect();
    let text = "";
    for (const { name, help, kind, family } of this.#metrics.values()) {
      text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${kind}\n`;
      for (const [labels, child] of family.children) {
        text += child instanceof Histogram ? renderHistogram(name, labels, child) : sample(name, labels, child.value);
      }
    }
    return text;
  }

  #add<T extends Instrument>(name: string, help: string, kind: Kind, family: Family<T>): Family<T> {
    assert(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name), `bad metric name ${name}`);
    assert(!this.#metrics.has(name), `${name} is declared twice`);
    this.#metrics.set(name, { name, help, kind, family: family as Family<Instrument> });
    return family;
  }
}

export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

function sample(name: string, labels: string, value: number): string {
  return labels === "" ? `${name} ${number(value)}\n` : `${name}{${labels}} ${number(value)}\n`;
}

function renderHistogram(name: string, labels: string, histogram: Histogram): string {
  const prefix = labels === "" ? "" : `${labels},`;
  let text = "";
  let cumulative = 0;
  for (let i = 0; i < histogram.bounds.length; i++) {
    cumulative += histogram.counts[i] as number;
    text += sample(`${name}_bucket`, `${prefix}le="${number(histogram.bounds[i] as number)}"`, cumulative);
  }
  text += sample(`${name}_bucket`, `${prefix}le="+Inf"`, histogram.count);
  return text + sample(`${name}_sum`, labels, histogram.sum) + sample(`${name}_count`, labels, histogram.count);
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replace(/"/g, '\\"');
}

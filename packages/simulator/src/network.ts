import type { NodeId } from "@synod/protocols/protocol";
import type { Random } from "@synod/protocols/random";
import { exponential } from "./exponential.ts";

/** What every link does all the time. Rates are in parts per million, times in microseconds. */
export interface NetworkSettings {
  readonly minDelay: number;
  readonly meanDelay: number;
  /** Equal chances from `minDelay` to twice the mean, instead of an exponential tail. */
  readonly uniformDelay: boolean;
  readonly loss: number;
  readonly duplicate: number;
  /** Messages that may overtake; all others keep the order of their link, as one connection does. */
  readonly reorder: number;
  /** Messages under way on one link; more are dropped. */
  readonly capacity: number;
}

export interface NetworkCounters {
  sent: number;
  delivered: number;
  lost: number;
  cut: number;
  overflowed: number;
  duplicated: number;
  overtaking: number;
  clogged: number;
}

/** The links between nodes. It decides if and when a message arrives; the world carries it. Links are one-way. */
export class Network {
  readonly counters: NetworkCounters = {
    sent: 0,
    delivered: 0,
    lost: 0,
    cut: 0,
    overflowed: 0,
    duplicated: 0,
    overtaking: 0,
    clogged: 0,
  };
  readonly #width: number;
  readonly #random: Random;
  settings: NetworkSettings;
  /** By link: how many faults hold it cut, what faults add to its loss and delay, when it unclogs. */
  readonly #cuts: Uint8Array;
  readonly #extraLoss: Int32Array;
  readonly #extraDelay: Int32Array;
  readonly #extraDuplicate: Int32Array;
  readonly #extraReorder: Int32Array;
  readonly #cloggedUntil: Float64Array;
  readonly #latest: Float64Array;
  readonly #underway: Int32Array;

  constructor(maxNode: NodeId, settings: NetworkSettings, random: Random) {
    this.#width = maxNode + 1;
    this.settings = settings;
    this.#random = random;
    const links = this.#width * this.#width;
    this.#cuts = new Uint8Array(links);
    this.#extraLoss = new Int32Array(links);
    this.#extraDelay = new Int32Array(links);
    this.#extraDuplicate = new Int32Array(links);
    this.#extraReorder = new Int32Array(links);
    this.#cloggedUntil = new Float64Array(links);
    this.#latest = new Float64Array(links);
    this.#underway = new Int32Array(links);
  }

  /** A message leaves. @returns when it arrives, or −1 if it never does. */
  depart(now: number, from: NodeId, to: NodeId): number {
    this.counters.sent++;
    return this.#travel(now, from, to);
  }

  /** After `depart`: the arrival of a second copy, or −1. */
  duplicate(now: number, from: NodeId, to: NodeId): number {
    const rate = this.settings.duplicate + this.#extraDuplicate[from * this.#width + to]!;
    if (rate === 0 || !this.#random.chance(rate)) return -1;
    this.counters.duplicated++;
    return this.#travel(now, from, to);
  }

  /** A message is due. @returns false if its link has been cut meanwhile: what is under way is lost with the link. */
  arrive(from: NodeId, to: NodeId): boolean {
    const link = from * this.#width + to;
    this.#underway[link]!--;
    if (this.#cuts[link] !== 0) {
      this.counters.cut++;
      return false;
    }
    this.counters.delivered++;
    return true;
  }

  /** A message that has arrived waits at its receiver's door: it still takes room on the link, and will arrive again. */
  hold(from: NodeId, to: NodeId): void {
    this.#underway[from * this.#width + to]!++;
    this.counters.delivered--;
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cuts[from * this.#width + to] !== 0;
  }

  /** Cuts are counted: a link is whole again when all faults that cut it are over. */
  cut(from: NodeId, to: NodeId): void {
    this.#cuts[from * this.#width + to]!++;
  }

  mend(from: NodeId, to: NodeId): void {
    this.#cuts[from * this.#width + to]!--;
  }

  /** Nothing arrives on this link before `until`; what is sent waits, as far as the capacity allows. */
  clog(from: NodeId, to: NodeId, until: number): void {
    const link = from * this.#width + to;
    this.#cloggedUntil[link] = Math.max(this.#cloggedUntil[link]!, until);
  }

  /** Adds to (or, negative, takes from) what a link does. */
  degrade(from: NodeId, to: NodeId, what: "loss" | "delay" | "duplicate" | "reorder", by: number): void {
    const link = from * this.#width + to;
    if (what === "loss") this.#extraLoss[link]! += by;
    else if (what === "delay") this.#extraDelay[link]! += by;
    else if (what === "duplicate") this.#extraDuplicate[link]! += by;
    else this.#extraReorder[link]! += by;
  }

  /** From now on every link is whole and behaves like this. */
  heal(settings: NetworkSettings): void {
    this.settings = settings;
    this.#cuts.fill(0);
    this.#extraLoss.fill(0);
    this.#extraDelay.fill(0);
    this.#extraDuplicate.fill(0);
    this.#extraReorder.fill(0);
    this.#cloggedUntil.fill(0);
  }

  #travel(now: number, from: NodeId, to: NodeId): number {
    const settings = this.settings;
    const link = from * this.#width + to;
    if (this.#cuts[link] !== 0) return this.#drop("cut");
    const loss = settings.loss + this.#extraLoss[link]!;
    if (loss !== 0 && this.#random.chance(loss)) return this.#drop("lost");
    if (this.#underway[link]! >= settings.capacity) return this.#drop("overflowed");
    this.#underway[link]!++;

    let arrival = now + this.#delay() + this.#extraDelay[link]!;
    if (this.#cloggedUntil[link]! > arrival) {
      arrival = this.#cloggedUntil[link]!;
      this.counters.clogged++;
    }
    const latest = this.#latest[link]!;
    if (arrival >= latest) {
      this.#latest[link] = arrival;
      return arrival;
    }
    const reorder = settings.reorder + this.#extraReorder[link]!;
    if (reorder === 0 || !this.#random.chance(reorder)) return latest;
    this.counters.overtaking++;
    return arrival;
  }

  #delay(): number {
    const { minDelay, meanDelay, uniformDelay } = this.settings;
    if (uniformDelay) return this.#random.between(minDelay, 2 * meanDelay - minDelay);
    return minDelay + exponential(this.#random, meanDelay - minDelay);
  }

  #drop(why: "cut" | "lost" | "overflowed"): number {
    this.counters[why]++;
    return -1;
  }
}

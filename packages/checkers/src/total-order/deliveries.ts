import type { History, Operation } from "../history.ts";
import { textOf } from "../values.ts";

/** What one process delivered, in its order. */
export interface Receiver {
  readonly process: number;
  readonly deliveries: readonly Operation[];
  /** Place of the first delivery of a message, by its text. */
  readonly places: ReadonlyMap<string, number>;
}

export function messageOf({ f, input, output }: Operation): string {
  return textOf(f === "deliver" ? output : input);
}

/** @returns receivers in order of their process. */
export function receiversOf(history: History): Receiver[] {
  const byProcess = new Map<number, Operation[]>();
  for (const operation of history) {
    if (operation.f !== "deliver" || operation.outcome !== "ok") continue;
    const deliveries = byProcess.get(operation.process);
    if (deliveries === undefined) byProcess.set(operation.process, [operation]);
    else deliveries.push(operation);
  }
  const receivers = [...byProcess].map(([process, deliveries]): Receiver => {
    deliveries.sort((a, b) => a.call - b.call);
    const places = new Map<string, number>();
    for (const [place, delivery] of deliveries.entries()) {
      if (!places.has(messageOf(delivery))) places.set(messageOf(delivery), place);
    }
    return { process, deliveries, places };
  });
  return receivers.sort((a, b) => a.process - b.process);
}

export function deliveryOf(receiver: Receiver, message: string): Operation {
  return receiver.deliveries[receiver.places.get(message) as number] as Operation;
}

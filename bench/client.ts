/**
 * What an application sees: puts through a real client library in one process, at 1, 10 and 100 under way. The client is
 * then the dearest part of it: `node bench/main.ts client`.
 */

import { StoreClient } from "@synod/client/store";
import { Etcd3 } from "etcd3";
import { Cluster } from "synod/cluster-test/cluster";
import { etcd, type Program, synod } from "synod/cluster-test/programs";
import { options } from "./options.ts";
import { keep, table } from "./report.ts";
import { median, spread } from "./statistics.ts";

const VALUE = "v".repeat(256);

interface Client {
  put(key: string): Promise<unknown>;
  close(): void;
}

/** Client libraries by name; each is given the leader's address only, so that both servers get every request directly. */
const CLIENTS: Readonly<Record<string, (address: string) => Client>> = {
  "etcd3 (npm)": (address) => {
    const client = new Etcd3({ hosts: `http://${address}` });
    return { put: (key) => client.put(key).value(VALUE).exec(), close: () => client.close() };
  },
  "@synod/client": (address) => {
    const client = new StoreClient({ endpoints: [address] });
    return { put: (key) => client.put(key, VALUE), close: () => client.close() };
  },
};

interface Measurement {
  readonly program: string;
  readonly client: string;
  readonly inFlight: number;
  readonly putsPerSecond: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const settings = options({ rounds: "3", seconds: "2", inflight: "1,10,100", programs: "etcd,synod" }, args);
  const programs = [etcd, { ...synod, links: false }].filter(({ name }) => settings.programs.split(",").includes(name));
  const loads = settings.inflight.split(",").map(Number);
  const measurements: Measurement[] = [];
  for (let round = 1; round <= Number(settings.rounds); round += 1) {
    for (const program of programs) measurements.push(...(await measure(program, loads, Number(settings.seconds))));
  }
  for (const measurement of measurements) keep("client", measurement);
  const rows = Object.keys(CLIENTS).flatMap((client) =>
    loads.map((inFlight) => {
      const of = (program: string): number[] =>
        measurements
          .filter((one) => one.program === program && one.client === client && one.inFlight === inFlight)
          .map((one) => one.putsPerSecond);
      const rates = programs.map(({ name }) => of(name));
      const ratio = rates.length === 2 ? `${(median(rates[1]!) / median(rates[0]!)).toFixed(1)}×` : "";
      return [client, `${inFlight}`, ...rates.map(spread), ratio];
    }),
  );
  console.log(table(["client", "in flight", ...programs.map(({ name }) => `${name} puts/s`), "ratio"], rows));
}

async function measure(program: Program, loads: readonly number[], seconds: number): Promise<Measurement[]> {
  const cluster = await Cluster.start(program);
  try {
    const { address } = await cluster.leader();
    const measurements: Measurement[] = [];
    for (const [name, make] of Object.entries(CLIENTS)) {
      const client = make(address);
      await drive(client, 100, 2); // the compilers' share, on both sides
      for (const inFlight of loads) {
        const putsPerSecond = await drive(client, inFlight, seconds);
        measurements.push({ program: program.name, client: name, inFlight, putsPerSecond });
      }
      client.close();
    }
    return measurements;
  } finally {
    await cluster.destroy();
  }
}

/** @returns puts answered in a second. */
async function drive(client: Client, inFlight: number, seconds: number): Promise<number> {
  const start = performance.now();
  const end = start + seconds * 1000;
  let done = 0;
  const one = async (key: string): Promise<void> => {
    for (; performance.now() < end; done += 1) await client.put(key);
  };
  await Promise.all(Array.from({ length: inFlight }, (_, index) => one(`client/${index}`)));
  return (done / (performance.now() - start)) * 1000;
}

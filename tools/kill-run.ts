import { swarm } from "@synod/simulator/swarm";

/** One line of the kill table: how many seeds the swarm needs to see the bug planted in this process. */
const seeds = Number(process.argv[2]);
const { failures, events } = swarm({ firstSeed: 1, seeds, config: {}, maxFailures: 1 });
const found = failures[0];
console.log(JSON.stringify({ seed: found?.seed, property: found?.failure.property, events }));

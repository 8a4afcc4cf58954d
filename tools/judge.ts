import { playTrial } from "@synod/checkers/oracle/trial";
import { TRIALS } from "@synod/checkers/oracle/trials";

/**
 * `npm run judge -- oracle --histories 100000 [--only NAME] [--first SEED]`: every checker against an oracle that tries all
 * orders, on that many random histories each. Ends with exit code 1 at a disagreement, which it prints with its seed.
 */
function main(args: readonly string[]): void {
  const [verb, ...rest] = args;
  const option = (name: string, fallback: string): string => {
    const at = rest.indexOf(`--${name}`);
    return at < 0 ? fallback : (rest[at + 1] ?? fallback);
  };
  if (verb !== "oracle") {
    console.error("npm run judge -- oracle [--histories 100000] [--only part of a trial's name] [--first 1]");
    process.exitCode = 2;
    return;
  }
  const trials = TRIALS.filter(({ name }) => name.includes(option("only", "")));
  for (const trial of trials) judge(trial, Number(option("first", "1")), Number(option("histories", "100000")));
  if (trials.length > 0) return;
  console.error(`no trial is named so; there are: ${TRIALS.map(({ name }) => name).join(", ")}`);
  process.exitCode = 2;
}

function judge(trial: (typeof TRIALS)[number], first: number, histories: number): void {
  const begun = performance.now();
  const { ok, illegal, missed, disagreement } = playTrial(trial, first, histories);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const counts = `${ok} ok, ${illegal} illegal, ${missed} missed, ${seconds} s`;
  console.log(`${disagreement === undefined ? "agrees" : "WRONG "}  ${trial.name.padEnd(40)} ${counts}`);
  if (disagreement === undefined) return;
  const { seed, result } = disagreement;
  console.log(`  seed ${seed}: the oracle says ${result.oracle}, the checker ${result.checker}`);
  for (const operation of result.history) console.log(`  ${JSON.stringify(operation)}`);
  process.exitCode = 1;
}

main(process.argv.slice(2));

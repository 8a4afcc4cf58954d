import { linearizabilityTrials } from "./linearizability.ts";
import type { Trial } from "./trial.ts";

/** Every checker with an oracle: `npm run judge -- oracle` plays them all. A new checker adds its trials here. */
export const TRIALS: readonly Trial[] = [...linearizabilityTrials];

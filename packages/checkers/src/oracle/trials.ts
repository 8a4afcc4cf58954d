import { causalTrials } from "../causal/trials.ts";
import { convergenceTrials } from "../convergence/trials.ts";
import { deliveryTrials } from "../delivery/trials.ts";
import { mutualExclusionTrials } from "../mutual-exclusion/trials.ts";
import { sequentialTrials } from "../sequential/trials.ts";
import { sessionTrials } from "../sessions/trials.ts";
import { totalOrderTrials } from "../total-order/trials.ts";
import { transactionTrials } from "../transactions/oracle/trials.ts";
import { linearizabilityTrials } from "./linearizability.ts";
import type { Trial } from "./trial.ts";

/** Every checker with an oracle: `npm run judge -- oracle` plays them all. A new checker adds its trials here. */
export const TRIALS: readonly Trial[] = [
  ...linearizabilityTrials,
  ...sequentialTrials,
  ...causalTrials,
  ...sessionTrials,
  ...convergenceTrials,
  ...deliveryTrials,
  ...totalOrderTrials,
  ...mutualExclusionTrials,
  ...transactionTrials,
];

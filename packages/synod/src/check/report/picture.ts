import { objectOf } from "@synod/checkers/judge";
import type { PictureInput } from "@synod/checkers/picture/input";
import type { Check, Report } from "./report.ts";

/** What is drawn of one check. */
export function pictureOf({ subject, history, unit, faults }: Report, check: Check): PictureInput {
  const judged = check.history ?? history;
  const object = objectOf(check.model, judged);
  return {
    ...{ history: judged, verdict: check.verdict, faults, unit, title: subject },
    ...{ checker: check.level, model: check.model },
    ...(object === undefined ? {} : { object }),
  };
}

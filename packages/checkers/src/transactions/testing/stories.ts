import type { Workload } from "../table.ts";
import { LISTS } from "./stories/lists.ts";
import { REGISTERS } from "./stories/registers.ts";
import { SESSIONS } from "./stories/sessions.ts";
import type { Told } from "./stories/told.ts";
import { UNANSWERED } from "./stories/unanswered.ts";

export interface AnomalyStory extends Told {
  readonly workload: Workload;
}

export const STORIES: readonly AnomalyStory[] = [
  ...[...LISTS, ...SESSIONS, ...UNANSWERED].map((told): AnomalyStory => ({ ...told, workload: "list-append" })),
  ...REGISTERS.map((told): AnomalyStory => ({ ...told, workload: "rw-register" })),
];

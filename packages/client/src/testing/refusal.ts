import { SynodError } from "../errors.ts";

/** What an attempt is refused with, made until it is: a process goes on for a moment after it was told to stop. */
export async function refusal(attempt: () => Promise<unknown>): Promise<SynodError> {
  for (let tries = 0; tries < 1_000; tries++) {
    try {
      await attempt();
    } catch (error) {
      if (error instanceof SynodError) return error;
      throw error;
    }
  }
  throw new Error("every attempt was served");
}

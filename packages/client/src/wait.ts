import { SynodError } from "./errors.ts";

/** Returns after so many milliseconds, or as soon as the signal is aborted. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}

/**
 * The promise's result, unless the signal is aborted before. What the promise then comes to is nobody's any more.
 * @throws the signal's reason when it is a `SynodError`, else SynodError "aborted"
 */
export async function orAborted<Result>(promise: Promise<Result>, signal: AbortSignal, what: string): Promise<Result> {
  if (signal.aborted) {
    promise.catch(() => {});
    throw abortError(signal, what);
  }
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(abortError(signal, what));
    signal.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

export function abortError(signal: AbortSignal, what: string): SynodError {
  return signal.reason instanceof SynodError
    ? signal.reason
    : new SynodError("aborted", `${what}: aborted by the caller`);
}

/** Repeating a call that is safe to repeat, while it fails for a passing reason. */

import { repeatDelayMs } from "../core/poll.ts";
import { mayPass } from "./api-error.ts";
import type { Io } from "./io.ts";

/** Together they wait for some seven seconds: longer than a worker on this computer takes to come back. */
const TRIES = 7;
const PAUSE_FIRST_MS = 250;
const PAUSE_MAX_MS = 2_000;

export interface Retries {
  tries?: number;
  signal?: AbortSignal;
  /** Is awaited after the first failure that is followed by another try. */
  onFirstFailure?: (error: Error) => Promise<void>;
}

/** What the call answers, or its last failure. */
export async function retried<T>(
  io: Pick<Io, "sleep">,
  call: () => Promise<T>,
  { tries = TRIES, signal, onFirstFailure }: Retries = {},
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await call();
    } catch (error) {
      if (failures >= tries || signal?.aborted || !mayPass(error)) throw error;
      if (failures === 1) await onFirstFailure?.(error as Error);
      await io.sleep(repeatDelayMs(failures, PAUSE_FIRST_MS, PAUSE_MAX_MS), signal);
    }
  }
}

/** Waiting for started programs to answer. */

import { CliError } from "../../cli-error.ts";
import type { Io } from "../../io.ts";
import { plain } from "../../plain.ts";

const LOOK_MS = 25;
const ANSWER_MAX_MS = 5_000;
const READY_MAX_MS = 60_000;
const CHECK_EACH_MS = 5_000;
/** Together ten seconds: a computer that is busy for a moment, or wrangler that puts in a new worker, is no loss. */
const CHECKS_MISSED_MAX = 2;

/** What the local Machines API says of its Machines. */
export interface Isolation {
  level: string;
  /** What holds them to their size, "none" for nothing; null where it does not say. */
  limits: string | null;
  /** Why they are no sandboxes, where that is no wish of anybody's; null where they are, or it does not say. */
  lack: string | null;
  /** Whether it refuses calls above Fly's rate limits; so it does where it does not say. */
  rateLimits: boolean;
}

/**
 * The isolation that the Machines API there tells once it is up; null where it is another one than ours, or the signal
 * aborts. Ours takes its port before it is up, and answers 503 until it is.
 * @throws CliError where it is not up in time
 */
export async function isolationOnceUp(
  url: string,
  signal: AbortSignal,
  withinMs = READY_MAX_MS,
): Promise<Isolation | null> {
  let isolation: Isolation | null = null;
  const isUp = async ({ status, headers }: Response) => {
    const level = headers.get("mayfly-isolation");
    const lack = headers.get("mayfly-no-sandboxes");
    isolation =
      level === null
        ? null
        : {
            level,
            limits: headers.get("mayfly-limits"),
            lack: lack === null ? null : decodeURIComponent(lack),
            rateLimits: headers.get("mayfly-rate-limits") !== "none",
          };
    return status !== 503;
  };
  await until(url, signal, isUp, withinMs);
  return isolation;
}

/** Until the worker says it is well. @throws CliError where it says what is wrong with its settings */
export async function untilHealthy(url: string, signal: AbortSignal): Promise<void> {
  await until(`${url}/healthz`, signal, async (response) => {
    if (response.ok) return true;
    const body = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
    if (response.status === 503 && body?.error?.message)
      throw new CliError(`the worker can not work: ${plain(body.error.message)}`);
    return false;
  });
}

/** Resolves when the worker has not been well for some ten seconds, or the signal aborts. Counts checks and not time: computers sleep. */
export async function untilUnwell(url: string, io: Pick<Io, "sleep">, signal: AbortSignal): Promise<void> {
  for (let missed = 0; missed < CHECKS_MISSED_MAX && !signal.aborted; ) {
    // A check that waits for its answer takes as long as one that is refused at once.
    const [response] = await Promise.all([
      fetch(`${url}/healthz`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MAX_MS)]),
      }).catch(() => null),
      io.sleep(CHECK_EACH_MS, signal),
    ]);
    missed = response?.ok ? 0 : missed + 1;
    await response?.body?.cancel().catch(() => undefined);
  }
}

async function until(
  url: string,
  signal: AbortSignal,
  isReady: (response: Response) => Promise<boolean>,
  withinMs = READY_MAX_MS,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!signal.aborted) {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MAX_MS)]),
    }).catch(() => null);
    const ready = response !== null && (await isReady(response));
    // A body that was read is locked, and can not be cancelled any more.
    if (response?.bodyUsed === false) await response.body?.cancel().catch(() => undefined);
    if (ready) return;
    if (Date.now() > deadline) throw new CliError(`${url} did not answer within ${withinMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

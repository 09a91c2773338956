/** Waiting for started programs to answer. */

import { CliError } from "../../cli-error.ts";
import type { Io } from "../../io.ts";
import { plain } from "../../plain.ts";

const LOOK_MS = 25;
const ANSWER_MAX_MS = 5_000;
const READY_MAX_MS = 60_000;
const CHECK_EACH_MS = 10_000;
/** wrangler brings a crashed workerd back by itself, so only a worker that stays away is given up. */
const CHECKS_MISSED_MAX = 6;

/** Until anything answers there at all. */
export async function untilAnswers(url: string, signal: AbortSignal): Promise<void> {
  await until(url, signal, async () => true);
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

/** Resolves when the worker has not been well for a minute, or the signal aborts. Counts checks and not time: computers sleep. */
export async function untilUnwell(url: string, io: Pick<Io, "sleep">, signal: AbortSignal): Promise<void> {
  for (let missed = 0; missed < CHECKS_MISSED_MAX && !signal.aborted; ) {
    await io.sleep(CHECK_EACH_MS, signal);
    const response = await fetch(`${url}/healthz`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MAX_MS)]),
    }).catch(() => null);
    missed = response?.ok ? 0 : missed + 1;
    await response?.body?.cancel();
  }
}

async function until(
  url: string,
  signal: AbortSignal,
  isReady: (response: Response) => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + READY_MAX_MS;
  while (!signal.aborted) {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MAX_MS)]),
    }).catch(() => null);
    if (response !== null && (await isReady(response))) return;
    await response?.body?.cancel();
    if (Date.now() > deadline) throw new CliError(`${url} did not answer within ${READY_MAX_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

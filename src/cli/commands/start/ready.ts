/** Waiting for started programs to answer. */

import { CliError } from "../../cli-error.ts";
import { plain } from "../../plain.ts";

const LOOK_MS = 25;
const ANSWER_MAX_MS = 5_000;
const READY_MAX_MS = 60_000;

/** Until anything answers there at all. */
export async function untilAnswers(url: string, signal: AbortSignal): Promise<void> {
  await until(url, signal, async () => true);
}

/** Until the worker says it is well. @throws CliError where it says what is wrong with its settings */
export async function untilHealthy(url: string, signal: AbortSignal): Promise<void> {
  await until(`${url}/healthz`, signal, async (response) => {
    if (response.ok) return true;
    const body = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
    if (response.status === 503 && body?.error?.message) throw new CliError(`the worker can not work: ${plain(body.error.message)}`);
    return false;
  });
}

async function until(url: string, signal: AbortSignal, isReady: (response: Response) => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_MAX_MS;
  while (!signal.aborted) {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MAX_MS)]) }).catch(() => null);
    if (response !== null && (await isReady(response))) return;
    await response?.body?.cancel();
    if (Date.now() > deadline) throw new CliError(`${url} did not answer within ${READY_MAX_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

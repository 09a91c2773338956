/** Submitting a run so that it happens once, whatever becomes of the answers. */

import { randomUUID } from "node:crypto";
import type { RunBody } from "../../../api/run-schema.ts";
import type { RunSpecInput } from "../../../api/spec-schema.ts";
import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { CliError, UsageError } from "../../cli-error.ts";
import { RUN_EXIT } from "../../exit-code.ts";
import type { Io } from "../../io.ts";
import { retried } from "../../retried.ts";

/** With the pauses between them under two seconds: somebody who forgot to start Mayfly should not wait long to hear it. */
const TRIES = 4;

/**
 * The accepted run. The same key goes with every try, so a try whose answer got lost is answered with the run it made.
 * @throws UsageError where the spec is not accepted, CliError (125) where Mayfly was not reached
 */
export function submit(
  client: Client,
  io: Io,
  spec: RunSpecInput,
  key: string | undefined,
  signal: AbortSignal,
): Promise<RunBody> {
  return ordered(client, io, key, signal, (idempotencyKey) => client.submit(spec, idempotencyKey, signal));
}

/** The same of any call that orders a run under a key. */
export async function ordered(
  client: Client,
  io: Io,
  key: string | undefined,
  signal: AbortSignal,
  order: (idempotencyKey: string) => Promise<RunBody>,
): Promise<RunBody> {
  const idempotencyKey = key ?? randomUUID();
  try {
    return await retried(io, () => order(idempotencyKey), { tries: TRIES, signal });
  } catch (error) {
    if (signal.aborted)
      throw new CliError("stopped; the run may have been accepted", {
        hint: `${client.command} runs list`,
        exitCode: RUN_EXIT.interrupted,
      });
    throw refused(error);
  }
}

/** The failure in the words of the command line. */
function refused(error: unknown): unknown {
  if (!(error instanceof CliError) || error instanceof UsageError) return error;
  if (error instanceof ApiError && error.code === "idempotency_conflict")
    return new UsageError("--idempotency-key: this key was used for another run already");
  if (error instanceof ApiError && (error.status === 422 || error.status === 400 || error.status === 413))
    return new UsageError(inOptions(error.message, error.path));
  return new CliError(error.message, {
    hint: error.hint ?? undefined,
    exitCode: RUN_EXIT.notStarted,
    cause: error,
  });
}

/** The option that a field of the spec comes from. */
const OPTION_OF: [field: RegExp, option: string][] = [
  [/^image/, "--image"],
  [/^command/, "command"],
  [/^script/, "--script"],
  [/^env/, "--env"],
  [/^secrets/, "--secret"],
  [/^files/, "--file"],
  [/^machine\.size/, "--size"],
  [/^machine\.cpu_kind/, "--cpu-kind"],
  [/^machine\.cpus/, "--cpus"],
  [/^machine\.memory_mb/, "--memory"],
  [/^regions/, "--region"],
  [/^timeouts\.run/, "--timeout"],
  [/^retry\.attempts/, "--retry"],
  [/^retry\.backoff/, "--retry-wait"],
  [/^retry\.rules/, "--retry-rule"],
  [/^concurrency/, "--concurrency"],
  [/^priority/, "--priority"],
  [/^expires/, "--expires"],
  [/^delay/, "--delay"],
  [/^run_at/, "--run-at"],
  [/^name/, "--name"],
  [/^tags/, "--tag"],
  [/^input/, "--input"],
  [/^header\.idempotency-key/, "--idempotency-key"],
];

/** A complaint about a field of the spec, as one about the option that it comes from. */
export function inOptions(message: string, path: string | null): string {
  const field = path?.replace(/^overrides\./, "") ?? "";
  const option = OPTION_OF.find(([known]) => known.test(field))?.[1];
  const within = /^input\.(.+)/.exec(field)?.[1];
  return option === undefined || path === null || !message.startsWith(`${path}: `)
    ? message
    : `${option}${within === undefined ? "" : ` at ${within}`}: ${message.slice(path.length + 2).replace("retry.attempts of 2", "--retry of 1")}`;
}

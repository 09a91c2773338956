/** `mayfly run`: submit, follow, end as the command did. */

import type { RunBody } from "../../../api/run-schema.ts";
import type { Client } from "../../api-client.ts";
import { CliError } from "../../cli-error.ts";
import { endSentence, exitCodeOf, INTERRUPTED_EXIT, RUN_EXIT } from "../../exit-code.ts";
import { follow, sayContact, type Watcher } from "../../follow.ts";
import { HeadedOutput } from "../../headed-output.ts";
import { type Interrupt, Interrupts } from "../../interrupts.ts";
import { type Io, isReaderGone, say, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { outputNote } from "../../run-words.ts";
import { type CancelRequest, requestCancel } from "./cancel.ts";
import type { RunOptions } from "./options.ts";
import { ShownOutput } from "./shown-output.ts";
import { specOf } from "./spec.ts";
import { StatusLine } from "./status-line.ts";
import { submit } from "./submit.ts";

/** How a run is waited for. */
export type FollowOptions = Pick<RunOptions, "detach" | "json">;

/** Runs the command and answers the exit code to end with. */
export async function run(options: RunOptions, io: Io, client: Client): Promise<number> {
  const spec = await specOf(options, io);
  const { idempotencyKey } = options;
  return orderAndFollow(options, io, client, (signal) => submit(client, io, spec, idempotencyKey, signal));
}

/**
 * Has a run accepted, follows it to its end and answers the exit code to end with.
 * @param order has it accepted, until its signal aborts
 */
export async function orderAndFollow(
  options: FollowOptions,
  io: Io,
  client: Client,
  order: (signal: AbortSignal) => Promise<RunBody>,
): Promise<number> {
  const interrupts = new Interrupts(io);
  const over = new AbortController();
  try {
    const accepted = await submitted(options, io, order, interrupts);
    if (options.detach) return await detached(options, io, client, accepted);
    const status = new StatusLine(io);
    // Whoever closed the terminal hears nothing more, and the run is to be cancelled all the same.
    const tell = (line: string) => status.say(line).catch(orReaderGone);
    const asking = AbortSignal.any([interrupts.again, over.signal]);
    let cancel: CancelRequest | null = null;
    interrupts.onFirst(() => {
      cancel = requestCancel(client, io, accepted.id, tell, asking, interrupts.by ?? "SIGTERM");
    });
    const ended = await watched(options, io, client, accepted, status, interrupts);
    return ended === null
      ? await left(client, tell, accepted.id, cancel, interrupts.by)
      : await report(options, io, tell, ended, interrupts.by);
  } catch (error) {
    // Whatever stops this command here, its exit code must not read as the run's own.
    if (error instanceof CliError && error.exitCode === 1)
      throw new CliError(error.message, {
        hint: error.hint ?? undefined,
        exitCode: RUN_EXIT.notStarted,
        cause: error,
      });
    throw error;
  } finally {
    over.abort();
    interrupts.stop();
  }
}

/** Until the run is accepted there is nothing to cancel, so a Ctrl-C is kept for then. Nobody waits for a detached one. */
function submitted(
  { detach }: FollowOptions,
  io: Io,
  order: (signal: AbortSignal) => Promise<RunBody>,
  interrupts: Interrupts,
): Promise<RunBody> {
  const stop = new AbortController();
  interrupts.onFirst(() => {
    if (detach) stop.abort();
    else void say(io, "the run is cancelled once it is accepted; a second Ctrl-C stops here").catch(ignored);
  });
  return order(AbortSignal.any([interrupts.again, stop.signal]));
}

async function detached(options: FollowOptions, io: Io, client: Client, accepted: RunBody): Promise<number> {
  await write(io.stdout, options.json ? `${JSON.stringify(accepted, null, 2)}\n` : `${plain(accepted.id)}\n`);
  await write(io.stderr, `${client.url}/runs/${plain(accepted.id)}\n`);
  return 0;
}

/** The final run, or null where the watching ended before it. */
async function watched(
  options: FollowOptions,
  io: Io,
  client: Client,
  accepted: RunBody,
  status: StatusLine,
  interrupts: Interrupts,
): Promise<RunBody | null> {
  const leave = interrupts.again;
  const output = new ShownOutput(io, () => interrupts.readerGone());
  const watching = status.watch(client, accepted);
  const headed = new HeadedOutput(io, {
    tell: (line) => status.say(line).catch(orReaderGone),
    pass: options.json ? null : (line, bytes) => output.pass(line, bytes),
  });
  try {
    const watcher: Watcher = {
      async onOutput(line, bytes) {
        status.end();
        await headed.write(line, bytes);
      },
      async onStep(step) {
        status.end();
        await headed.know(step);
      },
      ...sayContact(client.url, (line) => status.say(line).catch(orReaderGone)),
    };
    const end = await orNullAt(leave, follow(client, io, accepted.id, watcher, leave));
    if (end === null) return null;
    await headed.end();
    return await orNullAt(
      leave,
      retried(io, () => client.show(accepted.id, leave), { signal: leave }),
    );
  } finally {
    status.end();
    await watching;
  }
}

async function report(
  options: FollowOptions,
  io: Io,
  tell: Tell,
  run: RunBody,
  by: Interrupt | null,
): Promise<number> {
  if (options.json) await write(io.stdout, `${JSON.stringify(run, null, 2)}\n`);
  const note = outputNote(run);
  if (note !== null) await tell(note);
  const sentence = endSentence(run);
  if (sentence !== null) await tell(plain(sentence));
  // A command whose output was not all taken has not ended well, however the run did.
  return by === "SIGPIPE" ? INTERRUPTED_EXIT[by] : exitCodeOf(run, by);
}

/** The cancel that was asked for stands: what ends is the waiting for it. */
async function left(
  { command }: Client,
  tell: Tell,
  runId: string,
  cancel: CancelRequest | null,
  by: Interrupt | null,
): Promise<number> {
  await tell(
    cancel?.accepted
      ? `${runId} is being cancelled, and nobody waits for it here; ${command} runs show ${runId} tells how it ends`
      : `left ${runId} as it is, and it may not know of the cancel; ${command} runs cancel ${runId}`,
  );
  return INTERRUPTED_EXIT[by ?? "SIGINT"];
}

type Tell = (line: string) => Promise<void>;

function orReaderGone(error: unknown): void {
  if (!isReaderGone(error)) throw error;
}

/** The result, or null as soon as the signal aborts: a reader of our output that stands still must hold nobody up. */
function orNullAt<T>(signal: AbortSignal, result: Promise<T>): Promise<T | null> {
  const left = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  result.catch(ignored);
  return Promise.race([left, result]);
}

function ignored(): void {}

/** `mayfly run`: submit, follow, end as the command did. */

import type { RunBody } from "../../../api/run-schema.ts";
import type { Client } from "../../api-client.ts";
import { CliError } from "../../cli-error.ts";
import { endSentence, exitCodeOf, RUN_EXIT } from "../../exit-code.ts";
import { follow } from "../../follow.ts";
import { Interrupts } from "../../interrupts.ts";
import { type Io, say, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { outputNote } from "../../run-words.ts";
import { requestCancel } from "./cancel.ts";
import type { RunOptions } from "./options.ts";
import { specOf } from "./spec.ts";
import { StatusLine } from "./status-line.ts";
import { submit } from "./submit.ts";

/** Runs the command and answers the exit code to end with. */
export async function run(options: RunOptions, io: Io, client: Client): Promise<number> {
  const spec = await specOf(options, io);
  const interrupts = new Interrupts(io);
  try {
    const accepted = await submit(client, io, spec, options.idempotencyKey, interrupts.again);
    if (options.detach) return await detached(options, io, client, accepted);
    interrupts.onFirst(() => void requestCancel(client, io, accepted.id));
    const ended = await watched(options, io, client, accepted, interrupts.again);
    return ended === null
      ? await leftRunning(io, accepted.id)
      : await report(options, io, ended, interrupts.by);
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
    interrupts.stop();
  }
}

async function detached(options: RunOptions, io: Io, client: Client, accepted: RunBody): Promise<number> {
  await write(io.stdout, options.json ? `${JSON.stringify(accepted, null, 2)}\n` : `${plain(accepted.id)}\n`);
  await write(io.stderr, `${client.url}/runs/${plain(accepted.id)}\n`);
  return 0;
}

/** The final run, or null where the watching ended before it. */
async function watched(
  options: RunOptions,
  io: Io,
  client: Client,
  accepted: RunBody,
  leave: AbortSignal,
): Promise<RunBody | null> {
  const status = new StatusLine(io);
  const watching = status.watch(client, accepted);
  try {
    const end = await follow(
      client,
      io,
      accepted.id,
      {
        async onOutput(line, bytes) {
          status.end();
          if (!options.json) await write(line.stream === "stdout" ? io.stdout : io.stderr, bytes);
        },
        async onLost() {
          status.end();
          await say(io, `the connection to ${client.url} was lost; trying again (the run goes on)`);
        },
      },
      leave,
    );
    return end === null ? null : await retried(io, () => client.show(accepted.id));
  } finally {
    status.end();
    await watching;
  }
}

async function report(options: RunOptions, io: Io, run: RunBody, by: Interrupts["by"]): Promise<number> {
  if (options.json) await write(io.stdout, `${JSON.stringify(run, null, 2)}\n`);
  const note = outputNote(run);
  if (note !== null) await say(io, note);
  const sentence = endSentence(run);
  if (sentence !== null) await say(io, plain(sentence));
  return exitCodeOf(run, by);
}

async function leftRunning(io: Io, runId: string): Promise<number> {
  await say(io, `left ${runId} running; mayfly runs logs ${runId} --follow`);
  return RUN_EXIT.interrupted;
}

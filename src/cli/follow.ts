/** Following a run to its end over as many connections as it takes, with no byte lost or doubled. */

import type { OutputEnd, OutputLine, OutputStep } from "../api/run-schema.ts";
import { isAfter, OUTPUT_START, parsePosition } from "../core/output.ts";
import { repeatDelayMs } from "../core/poll.ts";
import type { Client } from "./api-client.ts";
import { ApiError, mayPass, Unreachable } from "./api-error.ts";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";
import { span } from "./spans.ts";

const RECONNECT_FIRST_MS = 100;
const RECONNECT_MAX_MS = 5_000;
/** Without any answer for this long, following ends; the run itself goes on. */
export const LOST_CONTACT_MAX_MS = 10 * 60_000;

/** What happens while a run is followed. */
export interface Watcher {
  /** Is awaited before the next piece is read. */
  onOutput(line: OutputLine, bytes: Uint8Array): Promise<void>;
  /** How a step stands, before what it wrote; it may be told again. Is awaited likewise. */
  onStep?(step: OutputStep): Promise<void>;
  /** The connection was lost, and another one is tried until the time is over; called once per loss. */
  onLost?(): Promise<void>;
  /** Another connection was had; called once after each loss. */
  onBack?(): Promise<void>;
}

/** The part of a watcher that tells people of lost and regained connections. */
export function sayContact(
  url: string,
  tell: (line: string) => Promise<void>,
): Required<Pick<Watcher, "onLost" | "onBack">> {
  return {
    onLost: () =>
      tell(
        `the connection to ${url} was lost; trying again for up to ${span(LOST_CONTACT_MAX_MS)}, the run goes on`,
      ),
    onBack: () => tell(`the connection to ${url} is back`),
  };
}

/**
 * Hands over the run's output as it comes and answers how the run ended, or null where `signal` ended the watching.
 * @throws CliError where Mayfly refuses, or was not reached for ten minutes
 */
export async function follow(
  client: Client,
  io: Io,
  runId: string,
  watcher: Watcher,
  signal?: AbortSignal,
): Promise<OutputEnd | null> {
  let after: string | null = null;
  let failures = 0;
  let lostAt: number | null = null;
  let isLost = false;
  while (!signal?.aborted) {
    try {
      let goesOn = false;
      for await (const message of client.follow(runId, after, signal)) {
        lostAt = null;
        if (isLost) await watcher.onBack?.();
        isLost = false;
        if (message.kind === "open") continue;
        failures = 0;
        if (message.kind === "end") return message.end;
        if (message.kind === "resume") goesOn = true;
        if (message.kind === "resume") continue;
        if (message.kind === "step") {
          await taken(watcher.onStep?.(message.step));
          continue;
        }
        if (!isNews(message.id, after)) continue;
        await taken(watcher.onOutput(message.line, bytesOf(message.line)));
        after = message.id;
      }
      if (!goesOn) throw new Unreachable(client.url, new Error("the stream broke off"));
    } catch (error) {
      if (error instanceof NotTaken) throw error.cause;
      if (signal?.aborted) return null;
      if (!worthAnotherTry(error)) throw error;
      lostAt ??= io.now();
      if (io.now() - lostAt > LOST_CONTACT_MAX_MS) throw lostContact(client, runId, error);
      failures += 1;
      if (!isLost) await watcher.onLost?.();
      isLost = true;
      await io.sleep(repeatDelayMs(failures, RECONNECT_FIRST_MS, RECONNECT_MAX_MS), signal);
    }
  }
  return null;
}

/** The watcher failed and not the connection: another connection would not help. */
class NotTaken extends Error {}

async function taken(handed: Promise<void> | undefined): Promise<void> {
  try {
    await handed;
  } catch (cause) {
    throw new NotTaken("", { cause });
  }
}

/** The bytes of an output line. */
export function bytesOf(line: OutputLine): Uint8Array {
  return line.base64 === undefined
    ? Buffer.from(line.text ?? "", "utf8")
    : Buffer.from(line.base64, "base64");
}

/** A server that resumes a little early repeats what is known; positions tell. */
function isNews(id: string, after: string | null): boolean {
  const [position, known] = [parsePosition(id), after === null ? OUTPUT_START : parsePosition(after)];
  return position === null || known === null || isAfter(position, known);
}

/** Broken streams fail in many ways of the network's own; final are a refusal and an answer that is not Mayfly's. */
function worthAnotherTry(error: unknown): boolean {
  return error instanceof ApiError ? mayPass(error) : !(error instanceof SyntaxError);
}

function lostContact(client: Client, runId: string, cause: unknown): CliError {
  return new CliError(`${client.url} was not reached for ${span(LOST_CONTACT_MAX_MS)}; the run may go on`, {
    hint: `${client.command} runs logs ${runId} --follow`,
    cause,
  });
}

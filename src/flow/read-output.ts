/**
 * Read output: one long-poll of the runner through exec, "what is beyond byte N of each stream, or wait". What comes back
 * is stored before the next poll asks for more, so that any driver can go on from the stored offsets after any crash.
 */

import type { Attempt } from "../core/attempt.ts";
import {
  EXEC_LATER_PAUSE_MS,
  EXEC_SLACK_S,
  OUTPUT_CAPPED_PAUSE_MS,
  OUTPUT_MAX_BYTES,
  OUTPUT_READ_MAX_BYTES,
} from "../core/limits.ts";
import {
  belongsInBlobs,
  blobKeyOf,
  type OutputChunk,
  type OutputOffsets,
  offsetsAfter,
  STREAMS,
  type Stream,
} from "../core/output.ts";
import { pauseAfterOutputMs, pollPlan } from "../core/poll.ts";
import { readFrom, redactNext } from "../core/redacted-stream.ts";
import { parseReadReply, type RunnerReply, readCommand } from "../core/runner-protocol.ts";
import { type AtHand, type Piece, piecesOf } from "../core/step/pieces.ts";
import { knownFacts, type StepEvent, stepEvents } from "../core/step/record.ts";
import { hasSteps, plannedSteps } from "../core/step/spec.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, nothingNew } from "./flow.ts";
import { secretsOf } from "./give-secrets.ts";
import { lookAtMachine } from "./observe.ts";
import type { AttemptSecrets } from "./ports/secrets.ts";
import type { Blobs } from "./ports.ts";
import { exited, exitedAndSettled, summary } from "./settle.ts";

export async function readOutput(ports: FlowPorts, drive: Drive, until: number): Promise<Findings> {
  const { run } = drive.state;
  const attempt = drive.attempt();
  const startedAt = attempt.startedAt ?? ports.clock.now();
  drive.offsets ??= await ports.store.outputOffsets(run.id, attempt.number);
  const secrets = await secretsOf(ports, drive);
  const asked = secrets === null ? drive.offsets : placesToRead(drive, drive.offsets);
  // Of what is redacted some may be read and not stored, or stored and to be read again.
  const ahead = asked.stdout - drive.offsets.stdout + (asked.stderr - drive.offsets.stderr);
  const room = Math.max(
    0,
    OUTPUT_MAX_BYTES - drive.earlierBytes() - drive.offsets.stdout - drive.offsets.stderr - ahead,
  );
  const ageMs = ports.clock.now() - startedAt;
  const poll = pollPlan(ageMs, drive.watched());
  const holdS = Math.max(0, Math.min(poll.holdS, Math.ceil((until - ports.clock.now()) / 1000)));
  const argv = readCommand({
    machineName: attempt.machineName,
    stdoutOffset: asked.stdout,
    stderrOffset: asked.stderr,
    maxBytes: Math.min(drive.readBytes, room),
    waitSeconds: holdS,
    ...(hasSteps(run.spec) && { knownFacts: Math.max(knownFacts(attempt), drive.factsRead) }),
  });
  const result = await ports.machines.exec(drive.machineId(), argv, holdS + EXEC_SLACK_S, drive.interrupt);
  if (drive.interrupt?.aborted) return nothingNew(0);
  if (result.kind === "not_running") return lookAtMachine(ports, drive);
  drive.unheard = true;
  if (result.kind === "later") return nothingNew(EXEC_LATER_PAUSE_MS);
  const reply = result.kind === "ran" ? parseReadReply(result.stdout) : { problem: result.error };
  // The Machine itself knows whether it is worth asking again.
  if ("problem" in reply) return lookAtMachine(ports, drive);
  drive.unheard = false;
  drive.failures = 0;
  drive.absentSince = null;
  const quietMs = reply.stdout.length + reply.stderr.length > 0 ? pauseAfterOutputMs(ageMs) : 0;
  const unread = {
    stdout: reply.stdoutSize - asked.stdout - reply.stdout.length,
    stderr: reply.stderrSize - asked.stderr - reply.stderr.length,
  };
  const bytes = secrets === null ? reply : redacted(drive, secrets, drive.offsets, reply);
  return keep(ports, drive, drive.offsets, { reply, bytes, unread, room }, Math.max(poll.pauseMs, quietMs));
}

/** What a read brought. */
interface Read {
  reply: RunnerReply;
  /** Of it, what is to be stored. */
  bytes: Record<Stream, Uint8Array>;
  /** How many bytes are still in the Machine alone. */
  unread: Record<Stream, number>;
  /** How many could have been read. */
  room: number;
}

function received(reply: RunnerReply): number {
  return reply.stdout.length + reply.stderr.length;
}

function placesToRead({ tails }: Drive, offsets: OutputOffsets): Record<Stream, number> {
  return {
    stdout: readFrom(tails.stdout, offsets.stdout),
    stderr: readFrom(tails.stderr, offsets.stderr),
  };
}

/** What of a reply can be stored, with the secrets masked. The rest is remembered until there is more. */
function redacted(
  drive: Drive,
  { redact }: AttemptSecrets,
  offsets: OutputOffsets,
  reply: RunnerReply,
): Record<Stream, Uint8Array> {
  const next = (stream: Stream) => {
    const tail = drive.tails[stream];
    const readTo = readFrom(tail, offsets[stream]) + reply[stream].length;
    const isAll = reply.end !== null && readTo === reply[`${stream}Size`];
    const { bytes, tail: after } = redactNext(redact, tail, offsets[stream], reply[stream], isAll);
    drive.tails[stream] = after;
    return bytes;
  };
  return { stdout: next("stdout"), stderr: next("stderr") };
}

async function keep(
  ports: FlowPorts,
  drive: Drive,
  before: OutputOffsets,
  { reply, bytes, unread, room }: Read,
  pauseMs: number,
): Promise<Findings> {
  const now = ports.clock.now();
  const capped = received(reply) >= room;
  const { events: steps, attempt } = stepsIn(drive, reply, now);
  const atHand = (stream: Stream): AtHand => ({
    from: before[stream],
    to: before[stream] + bytes[stream].length,
    // Past the cap nothing more is read, and of what brought nothing nobody knows that another read will.
    hasMore: !capped && unread[stream] > 0 && reply[stream].length > 0,
  });
  const taken = piecesOf(attempt.steps, { stdout: atHand("stdout"), stderr: atHand("stderr") });
  const chunks = chunksOf(drive, before, taken, bytes, now);
  await putLargeOnes(
    ports.blobs,
    drive.state.run.id,
    chunks,
    drive.earlierBytes() + before.stdout + before.stderr,
  );
  const after = chunks.reduce(offsetsAfter, before);
  // What is left for later is read anew, and what masks it was read with it.
  const left = STREAMS.filter((stream) => after[stream] < atHand(stream).to);
  for (const stream of left) drive.tails[stream] = null;
  if (received(reply) >= drive.readBytes)
    drive.readBytes = Math.min(OUTPUT_READ_MAX_BYTES, drive.readBytes * 2);
  // The end is recorded as soon as it is known: fetching the rest can take longer than a limit leaves.
  const end = reply.end && { ...reply.end, at: exitTime(reply.end.at, now) };
  if ((unread.stdout + unread.stderr > 0 || left.length > 0) && !capped)
    return {
      events: [...steps, ...(end ? exited(drive.attempt(), now, end, "runner") : [])],
      chunks,
      pauseMs: 0,
    };
  // Past the cap there is nothing to fetch: only the end is waited for.
  if (end === null)
    return { events: steps, chunks, pauseMs: capped ? Math.max(pauseMs, OUTPUT_CAPPED_PAUSE_MS) : pauseMs };
  const dropped = reply.stdoutSize - after.stdout + (reply.stderrSize - after.stderr);
  const complete = dropped === 0 && !end.outputLost;
  const events = exitedAndSettled(drive, now, end, "runner", summary(after, complete, dropped), steps);
  return { events, chunks, pauseMs: 0 };
}

/** What a reply tells of the run's steps that is not known yet, and the attempt as it is with that. */
function stepsIn(
  drive: Drive,
  { steps, end, stdoutSize, stderrSize }: RunnerReply,
  now: number,
): { events: StepEvent[]; attempt: Attempt } {
  if (!steps) return { events: [], attempt: drive.attempt() };
  const sizes = { stdout: stdoutSize, stderr: stderrSize };
  const over = end && { exitCode: end.exit.code, ...sizes };
  const attempt = drive.attempt();
  const { plannedAt, startedAt } = attempt;
  const since = Math.min(plannedAt, startedAt ?? plannedAt);
  const planned = plannedSteps(drive.state.run.spec).length;
  const told = stepEvents(attempt, steps, now, over, { steps: planned, since, sizes });
  const { events, attempt: after } = drive.withSteps(told);
  // What came to nothing would be told again at once, and again.
  if (events.length === 0) drive.factsRead = Math.max(drive.factsRead, steps.count);
  return { events, attempt: after };
}

/** The Machine's clock tells whole seconds and may be off; a poll that was waiting knows the end better. */
function exitTime(reportedAt: number | null, now: number): number | null {
  return reportedAt !== null && now - reportedAt > EXIT_TIME_TRUSTED_AFTER_MS ? reportedAt : null;
}

const EXIT_TIME_TRUSTED_AFTER_MS = 2000;

function chunksOf(
  drive: Drive,
  before: OutputOffsets,
  pieces: Piece[],
  bytes: Record<Stream, Uint8Array>,
  at: number,
): OutputChunk[] {
  return pieces.map(({ stream, from, to }, index) => ({
    attempt: drive.attempt().number,
    seq: before.seq + index + 1,
    stream,
    offset: from,
    length: to - from,
    at,
    bytes: bytes[stream].subarray(from - before[stream], to - before[stream]),
    blobKey: null,
  }));
}

/** Moves chunks past the database's share to the blob store; they are there before anything points at them. */
async function putLargeOnes(
  blobs: Blobs,
  runId: string,
  chunks: OutputChunk[],
  storedBefore: number,
): Promise<void> {
  let stored = storedBefore;
  for (const chunk of chunks) {
    stored += chunk.length;
    if (chunk.bytes === null || !belongsInBlobs(chunk.length, stored)) continue;
    chunk.blobKey = blobKeyOf(runId, chunk);
    await blobs.put(chunk.blobKey, chunk.bytes);
    chunk.bytes = null;
  }
}

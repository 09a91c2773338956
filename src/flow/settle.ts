/** Settle: the end of an attempt, which is the outcome of its run unless another attempt follows. */

import type { Attempt } from "../core/attempt.ts";
import type { Exited, RunEvent } from "../core/event.ts";
import { type CommandEnd, type Ending, outcomeOf, unseenDetail } from "../core/outcome.ts";
import { NO_OUTPUT, type OutputOffsets } from "../core/output.ts";
import { endOfAttempt } from "../core/retry.ts";
import { currentAttempt, type OutputSummary } from "../core/run.ts";
import type { StepEvent } from "../core/step/record.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, found } from "./flow.ts";

/** What is stored of the output at the end, and what is not. */
export function summary(offsets: OutputOffsets | null, complete: boolean, droppedBytes = 0): OutputSummary {
  const { stdout, stderr } = offsets ?? NO_OUTPUT;
  return { stdoutBytes: stdout, stderrBytes: stderr, droppedBytes, complete };
}

/**
 * The events of a command whose end is known: how it ended, unless that is recorded, and what it means for the run.
 * @param steps what was learnt of its steps with it
 */
export function exitedAndSettled(
  drive: Drive,
  now: number,
  end: CommandEnd & { at: number | null },
  source: Exited["source"],
  output: OutputSummary,
  steps: StepEvent[] = [],
): RunEvent[] {
  const { events, attempt, state } = drive.withSteps(steps);
  return [
    ...events,
    ...exited(attempt, now, end, source),
    endOfAttempt(state, outcomeOf(state.run, attempt, end), end.exit, output, now),
  ];
}

/** That a command has ended; nothing where it is recorded already. */
export function exited(
  attempt: Attempt,
  now: number,
  end: CommandEnd & { at: number | null },
  source: Exited["source"],
): Exited[] {
  if (attempt.exitedAt !== null) return [];
  return [{ type: "exited", at: end.at ?? now, attempt: attempt.number, exit: end.exit, source }];
}

/**
 * Ends an attempt of which nothing more will be learnt; what its command wrote since the last read is lost. A Machine that was
 * asked for may have run, though nobody has seen it, and another driver may have asked for one: then the detail says so.
 */
export async function settleNow(ports: FlowPorts, drive: Drive, ending: Ending): Promise<Findings> {
  const attempt = currentAttempt(drive.state);
  const now = ports.clock.now();
  const underWay = attempt?.settledAt === null ? attempt : null;
  const captured = drive.state.run.spec.capture === "output";
  const mayHaveWritten = captured && underWay !== null && !drive.neverHadMachine();
  if (mayHaveWritten) drive.offsets ??= await ports.store.outputOffsets(drive.state.run.id, underWay.number);
  const output = summary(underWay && drive.offsets, !mayHaveWritten);
  const told = underWay?.machineId === null ? await withLastAnswer(ports, drive, ending) : ending;
  return found(endOfAttempt(drive.state, told, underWay?.exit ?? null, output, now));
}

/** The ending of an attempt whose Machine was never seen, with what was heard of it last and whether it may exist. */
async function withLastAnswer(ports: FlowPorts, drive: Drive, ending: Ending): Promise<Ending> {
  const isOpen = !drive.neverHadMachine();
  // A run that was cancelled and had no Machine has nothing to explain.
  if (!isOpen && ending.status === "cancelled") return ending;
  const answer = drive.lastAnswer ?? (await lastUncertain(ports, drive));
  const { uncertainCreates } = drive.attempt();
  return { ...ending, detail: unseenDetail(ending.detail, { isOpen, uncertainCreates, answer }) };
}

/** What the last create was answered that left it open whether there is a Machine, by whichever driver. */
async function lastUncertain({ store }: FlowPorts, drive: Drive): Promise<string | null> {
  const { number, uncertainCreates } = drive.attempt();
  if (uncertainCreates === 0) return null;
  const { id, version } = drive.state.run;
  const events = await store.events(id, Math.max(0, version - LAST_EVENTS), LAST_EVENTS);
  const last = events.findLast(({ event }) => event.type === "create_uncertain" && event.attempt === number);
  return last?.event.type === "create_uncertain" ? last.event.error : null;
}

/** Of each ask there are two events at most, and one may be a wish to cancel. */
const LAST_EVENTS = 10;

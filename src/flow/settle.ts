/** Settle: the outcome of a run, once and for all. */

import type { Attempt } from "../core/attempt.ts";
import type { Exited, RunEvent, Settled } from "../core/event.ts";
import { type CommandEnd, type Ending, outcomeOf } from "../core/outcome.ts";
import { NO_OUTPUT, type OutputOffsets } from "../core/output.ts";
import { currentAttempt, type OutputSummary } from "../core/run.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, found } from "./flow.ts";

/** What is stored of the output at the end, and what is not. */
export function summary(offsets: OutputOffsets | null, complete: boolean, droppedBytes = 0): OutputSummary {
  const { stdout, stderr } = offsets ?? NO_OUTPUT;
  return { stdoutBytes: stdout, stderrBytes: stderr, droppedBytes, complete };
}

/** The event that settles a run whose command's end is not known, or was not reached. */
export function settled(at: number, ending: Ending, output: OutputSummary): Settled {
  return { type: "settled", at, ...ending, exit: null, output };
}

/** The events of a command whose end is known: how it ended, unless that is recorded, and what it means for the run. */
export function exitedAndSettled(
  drive: Drive,
  now: number,
  end: CommandEnd & { at: number | null },
  source: Exited["source"],
  output: OutputSummary,
): RunEvent[] {
  const attempt = drive.attempt();
  return [
    ...exited(attempt, now, end, source),
    { ...settled(now, outcomeOf(drive.state.run, attempt, end), output), exit: end.exit },
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
 * Settles a run of which nothing more will be learnt; what its command wrote since the last read is lost. A Machine that
 * was asked for may have run, though nobody has seen it.
 */
export async function settleNow(ports: FlowPorts, drive: Drive, ending: Ending): Promise<Findings> {
  const attempt = currentAttempt(drive.state);
  const captured = drive.state.run.spec.capture === "output";
  const mayHaveWritten = captured && attempt !== null && (attempt.machineId !== null || !drive.neverAsked);
  if (mayHaveWritten) drive.offsets ??= await ports.store.outputOffsets(drive.state.run.id, attempt.number);
  const event = settled(ports.clock.now(), ending, summary(drive.offsets, !mayHaveWritten));
  return found({ ...event, exit: attempt?.exit ?? null });
}

/** Runs of steps in a box: reading all that they tell. */

import { STEPS_MAX_COUNT } from "../../../src/core/limits.ts";
import type { RunnerEnd } from "../../../src/core/runner-protocol.ts";
import { knownFacts, recordsAfter, type StepRecord, stepEvents } from "../../../src/core/step/record.ts";
import type { Box } from "./box.ts";

export interface StepsOutcome {
  end: RunnerEnd;
  stdout: Buffer;
  stderr: Buffer;
  records: StepRecord[];
  /** Number, state and exit code of each, in a line. */
  told: string[];
}

/** Reads until the command has ended, as a driver does: what is known of the steps is not asked for again. */
export async function drainSteps(box: Box): Promise<StepsOutcome> {
  const parts: { stdout: Uint8Array[]; stderr: Uint8Array[] } = { stdout: [], stderr: [] };
  const attempt: { number: number; steps: StepRecord[] } = { number: 1, steps: [] };
  let [stdoutOffset, stderrOffset] = [0, 0];
  while (true) {
    const reply = await box.read({ stdoutOffset, stderrOffset, knownFacts: knownFacts(attempt) });
    parts.stdout.push(reply.stdout);
    parts.stderr.push(reply.stderr);
    stdoutOffset += reply.stdout.length;
    stderrOffset += reply.stderr.length;
    const { end, steps, stdoutSize, stderrSize } = reply;
    if (!steps) throw new Error("the runner told nothing of steps");
    const sizes = { stdout: stdoutSize, stderr: stderrSize };
    const over = end && { exitCode: end.exit.code, ...sizes };
    const bounds = { steps: STEPS_MAX_COUNT + 1, since: 0, sizes };
    for (const event of stepEvents(attempt, steps, Date.now(), over, bounds)) {
      const records = recordsAfter(attempt.steps, event);
      if (records === null) throw new Error(`${JSON.stringify(event)} can not follow`);
      attempt.steps = records;
    }
    if (end === null || stdoutOffset < stdoutSize || stderrOffset < stderrSize) continue;
    const told = attempt.steps.map(({ number, state, exitCode, timedOut }) =>
      [number, state, exitCode ?? "", timedOut ? "timed out" : ""].join(" ").trim(),
    );
    const [stdout, stderr] = [Buffer.concat(parts.stdout), Buffer.concat(parts.stderr)];
    return { end, stdout, stderr, records: attempt.steps, told };
  }
}

/** The bytes of a step's section. */
export function sectionOf(outcome: StepsOutcome, step: number): [stdout: string, stderr: string] {
  const record = outcome.records.find(({ number }) => number === step);
  const { from, to } = record ?? {};
  if (!from || !to) throw new Error(`step ${step} has no section`);
  return [
    outcome.stdout.subarray(from.stdout, to.stdout).toString("latin1"),
    outcome.stderr.subarray(from.stderr, to.stderr).toString("latin1"),
  ];
}

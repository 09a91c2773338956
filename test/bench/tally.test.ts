import { describe, expect, it } from "vitest";
import type { Outcome } from "../../bench/peers/engine.ts";
import { type Execution, tally } from "../../bench/peers/tally.ts";

const done = (job: string): Outcome => ({ ran: true, stdout: `${job}\n`, exitCode: 0, reason: null });
const failed: Outcome = { ran: false, stdout: "", exitCode: null, reason: "machine_lost" };
const whole = (job: string, startedAt: number): Execution => ({
  job,
  startedAt,
  endedAt: startedAt + 10,
  goneAt: startedAt + 10,
});
const cutShort = (job: string, startedAt: number): Execution => ({
  job,
  startedAt,
  endedAt: null,
  goneAt: startedAt + 5,
});
const NOTHING = { lost: 0, toldFailed: 0, toldWrong: 0, startedTwice: 0, endedTwice: 0, twoAtOnce: 0 };

describe("what became of the jobs of an engine that was killed", () => {
  it("a job that ran once and is told as it was is done, and nothing else", () => {
    const counts = tally([{ job: "1", outcome: done("1") }], [whole("1", 0)]);
    expect(counts).toEqual({ ...NOTHING, accepted: 1, done: 1 });
  });

  it("a job without an end is lost, also where its command came to its end", () => {
    const told = ["1", "2", "3"].map((job) => ({ job, outcome: null }));
    const counts = tally(told, [whole("1", 0), cutShort("2", 0)]);
    expect(counts).toEqual({ ...NOTHING, accepted: 3, done: 0, lost: 3 });
  });

  it("a job that was cut short and is told as not run is told as failed", () => {
    const counts = tally([{ job: "1", outcome: failed }], [cutShort("1", 0)]);
    expect(counts).toEqual({ ...NOTHING, accepted: 1, done: 0, toldFailed: 1 });
  });

  it("a failure of what ran to its end, a success of what did not, another's output and another exit code are told wrong", () => {
    const told = [
      { job: "1", outcome: failed },
      { job: "2", outcome: done("2") },
      { job: "3", outcome: done("4") },
      { job: "5", outcome: { ...done("5"), exitCode: 137 } },
    ];
    const counts = tally(told, [whole("1", 0), cutShort("2", 0), whole("3", 0), whole("5", 0)]);
    expect(counts).toEqual({ ...NOTHING, accepted: 4, done: 0, toldWrong: 4 });
  });

  it("started twice, run to the end twice and two at once are three things", () => {
    const told = ["again", "both", "beside"].map((job) => ({ job, outcome: done(job) }));
    const executions = [
      cutShort("again", 0),
      whole("again", 20),
      whole("both", 0),
      whole("both", 20),
      whole("beside", 0),
      whole("beside", 5),
    ];
    const counts = tally(told, executions);
    expect(counts).toEqual({
      ...NOTHING,
      accepted: 3,
      done: 3,
      startedTwice: 3,
      endedTwice: 2,
      twoAtOnce: 1,
    });
  });

  it("one that is still there is beside each that starts after it", () => {
    const still: Execution = { job: "1", startedAt: 0, endedAt: null, goneAt: null };
    const counts = tally([{ job: "1", outcome: done("1") }], [still, whole("1", 1_000)]);
    expect(counts).toMatchObject({ twoAtOnce: 1, endedTwice: 0 });
  });
});

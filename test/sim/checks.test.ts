import { describe, expect, it } from "vitest";
import type { AttemptFailed, RunEvent } from "../../src/core/event.ts";
import { machineName } from "../../src/core/id.ts";
import { METADATA_RUN } from "../../src/core/machine.ts";
import { failed } from "../../src/core/outcome.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { DEFAULT_RETRY, endOfAttempt } from "../../src/core/retry.ts";
import { aRetryingRun, aRunningRun, aSucceededRun, followedBy, type Story, T0 } from "../support/a-run.ts";
import type { StoredRun } from "../support/memory-store.ts";
import { Chance } from "./chance.ts";
import { attemptsWithinBounds } from "./checks/attempts-within-bounds.ts";
import type { Check } from "./checks/check.ts";
import { eventsFoldToTheRow } from "./checks/events-fold-to-the-row.ts";
import { oneFinalStatus } from "./checks/one-final-status.ts";
import { oneMachineAtATime } from "./checks/one-machine-at-a-time.ts";
import { retriesFollowTheBook } from "./checks/retries-follow-the-book.ts";
import { SimMachine } from "./world/machine.ts";
import type { Program } from "./world/program.ts";
import { World } from "./world/world.ts";

// Checks that no broken rule can trip alone, since another rule stands behind it.

const ENDING = failed("exit_code", "the command exited with 1");
const EXIT = { code: 1, signal: null, oomKilled: false };
const NOTHING = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };

function stored({ state, events }: Story): StoredRun {
  return { state, events: events.map((event, index) => ({ seq: index + 1, event })), chunks: [] };
}

function said(check: Check, ...runs: StoredRun[]): string | null | undefined {
  const watch = check.begin(new World(new Chance(1)));
  return runs.map((run) => watch.onChange?.(run)).at(-1);
}

describe("the check that a run has one final status", () => {
  const run = stored(aSucceededRun());

  it("is content with a run that ended once", () => {
    expect(said(oneFinalStatus, run, run)).toBeNull();
  });

  it("sees one that was settled twice", () => {
    const again = run.events.filter(({ event }) => event.type === "settled");
    expect(said(oneFinalStatus, { ...run, events: [...run.events, ...again] })).toContain("settled 2 times");
  });

  it("sees one that ends otherwise than it did", () => {
    const otherwise = { ...run.state, run: { ...run.state.run, status: "failed" as const } };
    expect(said(oneFinalStatus, run, { ...run, state: otherwise })).toContain("and then as");
  });
});

describe("the check that events fold to the row", () => {
  const run = stored(aRunningRun());

  it("is content with a row that its events made", () => {
    expect(said(eventsFoldToTheRow, run)).toBeNull();
  });

  it("sees a number that is missing", () => {
    const events = run.events.filter(({ seq }) => seq !== 3);
    expect(said(eventsFoldToTheRow, { ...run, events })).toContain("has the number 4");
  });

  it("sees events that can not follow each other", () => {
    const events = [...run.events, { seq: run.events.length + 1, event: run.events[1]?.event }] as never;
    expect(said(eventsFoldToTheRow, { ...run, events })).toContain("can not follow");
  });

  it("sees a row with a change that no event made", () => {
    const state = { ...run.state, run: { ...run.state.run, detail: "out of nowhere" } };
    expect(said(eventsFoldToTheRow, { ...run, state })).toContain("out of nowhere");
  });
});

describe("the check that attempts are within bounds", () => {
  const run = stored(aRetryingRun({ retry: { ...DEFAULT_RETRY, attempts: 2 } }));

  it("is content with one that failed and may be followed", () => {
    expect(said(attemptsWithinBounds, run)).toBeNull();
  });

  it("sees one too many", () => {
    const attempts = [...run.state.attempts, ...run.state.attempts].map((attempt, index) => ({
      ...attempt,
      number: index + 1,
    }));
    const twice = { ...run, state: { ...run.state, attempts } };
    expect(said(attemptsWithinBounds, twice)).toContain("2 failures of the job");
  });

  it("sees one out of order, and one after an attempt that has not failed", () => {
    const [first] = run.state.attempts;
    const under = { ...first, next: null, number: 2 };
    const of = (...attempts: unknown[]) => ({ ...run, state: { ...run.state, attempts } }) as StoredRun;
    expect(said(attemptsWithinBounds, of(first, first))).toContain("out of order");
    expect(said(attemptsWithinBounds, of({ ...first, next: null }, under))).toContain("has 2 attempts");
  });
});

describe("the check that retries follow the book", () => {
  const asked = { retry: { ...DEFAULT_RETRY, attempts: 3 }, regions: ["ams", "fra"] };
  const decided = (change: Partial<AttemptFailed["next"]> = {}) => {
    const story = aRunningRun(asked);
    const event = endOfAttempt(story.state, ENDING, EXIT, NOTHING, T0 + 5000) as AttemptFailed;
    return stored(followedBy(story, { ...event, next: { ...event.next, ...change } }));
  };

  it("is content with what the core decides", () => {
    expect(said(retriesFollowTheBook, decided())).toBeNull();
  });

  it("sees a pause that is left out, another size, another region and a retry after a cancel", () => {
    expect(said(retriesFollowTheBook, decided({ at: T0 + 5000 }))).toContain("the wait is 0 ms");
    expect(
      said(retriesFollowTheBook, decided({ guest: { cpuKind: "shared", cpus: 1, memoryMb: 512 } })),
    ).toContain("same_size");
    expect(said(retriesFollowTheBook, decided({ region: "fra" }))).toContain("goes from ams to fra");
    const { events, state } = decided();
    const cancel = { type: "cancel_requested" as const, at: T0 };
    const late = [...events.slice(0, -1), { event: cancel }, ...events.slice(-1)];
    const numbered = late.map(({ event }, index) => ({ seq: index + 1, event }));
    expect(said(retriesFollowTheBook, { state, events: numbered, chunks: [] })).toContain("after a cancel");
  });

  it("sees a run that is given up too soon", () => {
    const story = aRunningRun(asked);
    const settled: RunEvent = { type: "settled", at: T0 + 5000, ...ENDING, exit: EXIT, output: NOTHING };
    expect(said(retriesFollowTheBook, stored(followedBy(story, settled)))).toContain("not tried again");
  });
});

describe("the check that a run has one machine at a time", () => {
  const retrying = aRetryingRun({ retry: { ...DEFAULT_RETRY, attempts: 2 } });
  const gone = followedBy(retrying, { type: "machine_released", at: T0 + 4000, attempt: 1, events: [] });
  const second = followedBy(gone, planAttempt(gone.state, null, T0 + 62_000));
  const programmed: Program = {
    pieces: [],
    secretPieces: [],
    durationMs: null,
    code: 0,
    oomKilled: false,
    stopsInMs: null,
    stoppedCode: 0,
  };

  /** What the check says after machines of these attempts, made otherwise than they were decided. */
  function saidOf(
    story: Story,
    made: { attempt: number; region?: string; memoryMb?: number }[],
    atMs: number,
  ) {
    const world = new World(new Chance(1));
    world.store.runs.set(story.state.run.id, stored(story));
    world.time.after(atMs, () => {
      for (const [index, { attempt, region = "fra", memoryMb = 512 }] of made.entries()) {
        const asked = {
          name: machineName(story.state.run.id, attempt),
          region,
          config: {
            image: "debian:12",
            guest: { cpu_kind: "shared" as const, cpus: 1, memory_mb: memoryMb },
            metadata: { [METADATA_RUN]: story.state.run.id },
          },
        };
        world.platform.machines.push(new SimMachine(`m${index + 1}`, asked, programmed, world));
      }
    });
    const watch = oneMachineAtATime.begin(world);
    return world.time.step().then(() => watch.afterStep?.() ?? watch.onChange?.(stored(story)));
  }

  it("is content with one of the size, in the region and at the time that was decided", async () => {
    expect(await saidOf(second, [{ attempt: 2 }], 62_000)).toBeNull();
  });

  it("sees one beside that of the attempt before, and one too early", async () => {
    const two = await saidOf(second, [{ attempt: 2 }, { attempt: 1 }], 62_000);
    expect(two).toContain("begins while its machine m2 is created");
    expect(await saidOf(second, [{ attempt: 2 }], 61_000)).toContain("begins 1000 ms before its time");
  });

  it("sees one of another size or in another region, and one that nobody has stored", async () => {
    expect(await saidOf(second, [{ attempt: 2, memoryMb: 256 }], 62_000)).toContain("another than attempt 2");
    expect(await saidOf(second, [{ attempt: 2, region: "ams" }], 62_000)).toContain("another than attempt 2");
    expect(await saidOf(second, [{ attempt: 3 }], 62_000)).toContain("of no attempt that is stored");
  });
});

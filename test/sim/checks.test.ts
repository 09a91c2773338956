import { describe, expect, it } from "vitest";
import { aRunningRun, aSucceededRun, type Story } from "../support/a-run.ts";
import type { StoredRun } from "../support/memory-store.ts";
import { Chance } from "./chance.ts";
import { attemptsWithinBounds } from "./checks/attempts-within-bounds.ts";
import type { Check } from "./checks/check.ts";
import { eventsFoldToTheRow } from "./checks/events-fold-to-the-row.ts";
import { oneFinalStatus } from "./checks/one-final-status.ts";
import { World } from "./world/world.ts";

// Checks that no broken rule can trip alone, since another rule stands behind it.

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
  it("sees one too many", () => {
    const run = stored(aRunningRun());
    const attempts = [...run.state.attempts, ...run.state.attempts];
    expect(said(attemptsWithinBounds, { ...run, state: { ...run.state, attempts } })).toContain("2 attempts");
  });
});

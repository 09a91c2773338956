import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { firstRunIdAt } from "../../src/core/id.ts";
import { SWEEP_MAX_RUNS } from "../../src/core/limits.ts";
import { d1FleetStore } from "../../src/d1/fleet-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import type { RunFilter } from "../../src/flow/ports.ts";
import { T0 } from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";
import {
  BEGIN,
  copyFinished,
  EVERYTHING,
  FEW,
  type FewRuns,
  letRest,
  MANY,
  questions,
  storeAFew,
} from "../support/many-runs.ts";

/** Enough for a slow computer; it is some 15 s. */
const FILL_TIMEOUT_MS = 300_000;

const { database, counts } = countedD1(env.DB);
const store = d1Store(database);
const fleetStore = d1FleetStore(database);

/** What is asked, also by the sweep over machines. */
const allQuestions = (runs: FewRuns) => ({
  ...questions(store, runs),
  "whose machines are": () => fleetStore.claims([runs.templateId, runs.liveId, firstRunIdAt(T0 - 1)]),
});

async function rowsRead(asked: ReturnType<typeof allQuestions>): Promise<Record<string, number>> {
  const read: Record<string, number> = {};
  for (const [what, ask] of Object.entries(asked)) {
    const before = counts.rowsRead;
    await ask();
    read[what] = counts.rowsRead - before;
  }
  return read;
}

describe(`with ${MANY} finished runs`, () => {
  let few: Record<string, number>;
  let many: Record<string, number>;

  beforeAll(async () => {
    const runs = await storeAFew(env.DB, store);
    const asked = allQuestions(runs);
    few = await rowsRead(asked);
    await copyFinished(env.DB, runs, FEW, MANY);
    many = await rowsRead(asked);
    console.log("rows read", many);
  }, FILL_TIMEOUT_MS);

  for (const what of Object.keys(allQuestions({ templateId: "", liveId: "" })))
    it(`asking for ${what} reads as many rows as with ${FEW}`, () => {
      expect(few[what]).toBeGreaterThan(0);
      expect(many[what]).toBe(few[what]);
    });

  it("the sweep reads nothing of runs that wait for a time that is far ahead", async () => {
    const ask = () => store.openRuns("", T0 + 24 * 3_600_000, SWEEP_MAX_RUNS);
    const readBy = async () => {
      const before = counts.rowsRead;
      const page = await ask();
      return { page, read: counts.rowsRead - before };
    };
    const before = await readBy();
    await letRest(env.DB, 20_000);
    expect(await readBy()).toEqual(before);
  });

  it("the sweep reads its page of runs that are due at once and none of the others, and reaches each once", async () => {
    await letRest(env.DB, 20_000);
    const ids: string[] = [];
    const reads: number[] = [];
    let after: string | null = "";
    while (after !== null) {
      const before = counts.rowsRead;
      const page = await store.openRuns(after, T0 + 2000 * 3_600_000, SWEEP_MAX_RUNS);
      reads.push(counts.rowsRead - before);
      ids.push(...page.runIds);
      after = page.nextAfter;
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(20_000);
    console.log("rows read by pages of a sweep", Math.max(...reads));
    // The row and its entry in the index.
    expect(Math.max(...reads)).toBeLessThanOrEqual(2 * SWEEP_MAX_RUNS + 20);
  });
});

describe("page after page of a list", () => {
  /** So many that no call looks at all of them. */
  const newest = { sinceMs: BEGIN + MANY / FEW - 3 };
  const data = { key: "team", value: "data" };
  const WALKS: Record<string, { filter: Partial<RunFilter>; where: string }> = {
    all: { filter: {}, where: "true" },
    "of a status that most have": { filter: { statuses: ["succeeded"] }, where: "status = 'succeeded'" },
    "of two statuses": {
      filter: { statuses: ["failed", "cancelled"] },
      where: "status IN ('failed', 'cancelled')",
    },
    "that were cancelled or run": {
      filter: { statuses: ["cancelled", "running"] },
      where: "status IN ('cancelled', 'running')",
    },
    "of a status and a tag": {
      filter: { statuses: ["cancelled"], tag: data },
      where: "status = 'cancelled' AND id IN (SELECT run_id FROM run_tags WHERE key = 'team')",
    },
  };

  // More that are under way than one call looks at, and behind them one that runs among cancelled ones.
  beforeAll(async () => {
    const [running, waiting] = [newest.sinceMs, newest.sinceMs + 1].map(firstRunIdAt);
    await env.DB.batch([
      env.DB.prepare("UPDATE runs SET status = 'queued', open = 1 WHERE id > ? AND id < ?").bind(
        waiting,
        firstRunIdAt(T0 - 1),
      ),
      env.DB.prepare(
        "UPDATE runs SET status = 'running', open = 1 WHERE id = (SELECT max(id) FROM runs WHERE id > ? AND id < ? AND status = 'succeeded')",
      ).bind(running, waiting),
    ]);
  });

  for (const [what, { filter, where }] of Object.entries(WALKS))
    it(`reaches each run ${what} once, newest first`, async () => {
      const { results } = await env.DB.prepare(
        `SELECT id FROM runs WHERE id >= '${firstRunIdAt(newest.sinceMs)}' AND ${where} ORDER BY id DESC`,
      ).all<{ id: string }>();
      const walked: string[] = [];
      let beforeRunId: string | null = null;
      do {
        const page = await store.list("default", {
          ...EVERYTHING,
          ...newest,
          ...filter,
          limit: 70,
          beforeRunId,
        });
        walked.push(...page.runs.map(({ id }) => id));
        beforeRunId = page.nextBefore;
      } while (beforeRunId !== null);
      expect(walked).toEqual(results.map(({ id }) => id));
    });
});

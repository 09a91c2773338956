import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { PAGE_EVENTS_MAX } from "../../src/core/limits.ts";
import type { OutputChunk } from "../../src/core/output.ts";
import { dashboardPorts } from "../../src/worker/dashboard-ports.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aRunningRun, aStartingRun, aSucceededRun, followedBy, T0 } from "../support/a-run.ts";

const ports = apiPorts(env);
const pages = dashboardPorts(ports);

/** Ten bytes of stdout. */
function chunk(seq: number): OutputChunk {
  const bytes = new TextEncoder().encode("0123456789");
  return {
    attempt: 1,
    seq,
    stream: "stdout",
    offset: (seq - 1) * 10,
    length: 10,
    at: T0,
    bytes,
    blobKey: null,
  };
}

describe("the output of a run's page", () => {
  it("tells whether anything was written before it", async () => {
    const begun = aRunningRun();
    await ports.store.accept(begun.state, begun.events, null);
    const { id } = begun.state.run;
    expect(await pages.readOutput(id, 10)).toMatchObject({ lines: [], fromStart: true });
    await ports.store.appendOutput(begun.state, [chunk(1), chunk(2)]);
    expect(await pages.readOutput(id, 20)).toMatchObject({ position: "1.2", fromStart: true });
    expect(await pages.readOutput(id, 10)).toMatchObject({ position: "1.2", fromStart: false });
  });
});

describe("a re-run from a run's page", () => {
  const anEnded = async (change: Parameters<typeof aSucceededRun>[0]) => {
    const { state, events } = aSucceededRun(change);
    await ports.store.accept(state, events, null);
    return state.run;
  };

  it("is refused where a secret of the run is there no more, as the API's is, and stores nothing", async () => {
    const { id } = await anEnded({ secrets: { X: "REMOVED" } });
    await expect(pages.rerun(id, null)).rejects.toMatchObject({
      code: "invalid_input",
      path: "secrets.X",
      message: expect.stringContaining("there is no secret REMOVED"),
    });
    expect(await ports.store.reruns(id, 10)).toEqual([]);
  });

  it("orders what the stored spec means, once for each that the page has shown", async () => {
    const { id, spec } = await anEnded({ command: ["true"], tags: { team: "data" } });
    const again = await pages.rerun(id, null);
    expect(await pages.rerun(id, null)).toBe(again);
    expect((await ports.store.load(again ?? ""))?.run).toMatchObject({ spec, originId: id });
    expect(await pages.rerun(id, again)).not.toBe(again);
  });
});

describe("the events of a run's page", () => {
  it("are the newest within the bound, and those before them a page at a time", async () => {
    const begun = aStartingRun();
    await ports.store.accept(begun.state, begun.events, null);
    const uncertain = { type: "create_uncertain", at: T0, attempt: 1, error: "a fault" } as const;
    let { state } = begun;
    while (state.run.version < PAGE_EVENTS_MAX + 40) {
      const events = Array.from({ length: 10 }, () => uncertain);
      await ports.store.record(state, events, []);
      ({ state } = followedBy({ state, events: [] }, ...events));
    }
    const last = state.run.version;
    const numbers = async (before: number | null) =>
      (await pages.events(state.run.id, before)).map(({ seq }) => seq);
    const newest = await numbers(null);
    expect([newest.length, newest[0], newest.at(-1)]).toEqual([
      PAGE_EVENTS_MAX,
      last - PAGE_EVENTS_MAX + 1,
      last,
    ]);
    const earlier = await numbers(newest[0] ?? 0);
    expect(earlier).toEqual(Array.from({ length: last - PAGE_EVENTS_MAX }, (_, index) => index + 1));
    expect(await numbers(1)).toEqual([]);
  });

  it("are none of a run that does not exist", async () => {
    expect(await pages.events("run_00000000000000000000000000", null)).toEqual([]);
  });
});

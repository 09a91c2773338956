import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { CancelledBody } from "../../src/api/routes/cancel-all.ts";
import type { ErrorBody } from "../../src/api/run-schema.ts";
import { CANCEL_MAX_RUNS } from "../../src/core/limits.ts";
import { cancelAll } from "../../src/flow/cancel-all.ts";
import type { Drivers, RunFilter } from "../../src/flow/ports.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import {
  aQueuedRun,
  aRetryingRun,
  aRunningRun,
  aSucceededRun,
  followedBy,
  type Story,
  T0,
} from "../support/a-run.ts";

const ports = apiPorts(env);
const { store } = ports;

async function stored(story: Story) {
  await store.accept(story.state, story.events, null);
  return story.state.run.id;
}

const call = (body: string) =>
  exports.default.fetch(
    new Request("https://mayfly.test/v1/runs/cancel", {
      method: "POST",
      headers: { authorization: "Bearer test-token" },
      body,
    }),
  );

const isAsked = async (id: string) => (await store.load(id))?.run.cancelRequestedAt != null;

const everything: Omit<RunFilter, "limit"> = {
  statuses: [],
  tag: null,
  originId: null,
  job: null,
  commit: null,
  branch: null,
  sinceMs: null,
  untilMs: null,
  beforeRunId: null,
};

describe("cancelling by a filter", () => {
  it("asks the runs that fit and are not final, and says how many those were", async () => {
    const tags = { suite: "cancel-some" };
    const fit = [await stored(aQueuedRun({ tags })), await stored(aRetryingRun({ tags }))];
    const asked = await stored(
      followedBy(aRunningRun({ tags }), { type: "cancel_requested", at: T0 + 1500 }),
    );
    const others = [
      await stored(aSucceededRun({ tags })),
      await stored(aQueuedRun({ tags: { suite: "x" } })),
    ];
    const response = await call(JSON.stringify({ tag: "suite:cancel-some" }));
    expect(response.status).toBe(200);
    expect(await response.json<CancelledBody>()).toEqual({
      cancelled: 2,
      already_asked: 1,
      ended: 0,
      run_ids: fit.toSorted().toReversed(),
      next_cursor: null,
    });
    expect(await Promise.all([...fit, asked].map(isAsked))).toEqual([true, true, true]);
    expect(await Promise.all(others.map(isAsked))).toEqual([false, false]);
    // Asking again finds what was asked, or runs that have ended by now.
    const again = await (await call(JSON.stringify({ tag: "suite:cancel-some" }))).json<CancelledBody>();
    expect(again).toMatchObject({ cancelled: 0, run_ids: [] });
  });

  it("goes by status and time, too", async () => {
    const tags = { suite: "cancel-queued" };
    const at = T0 + 10_000_000;
    const [early, late, running] = [
      await stored(aQueuedRun({ tags }, at)),
      await stored(aQueuedRun({ tags }, at + 5000)),
      await stored(aRunningRun({ tags })),
    ];
    const since = new Date(at + 1000).toISOString();
    const filter = { tag: "suite:cancel-queued", status: ["queued"], since };
    expect(await (await call(JSON.stringify(filter))).json<CancelledBody>()).toMatchObject({
      run_ids: [late],
    });
    expect(await Promise.all([early, running].map(isAsked))).toEqual([false, false]);
  });

  it("is done in bounded calls, each of which goes on after the one before", async () => {
    const tags = { suite: "cancel-many" };
    const ids: string[] = [];
    for (let index = 0; index < CANCEL_MAX_RUNS + 3; index++) ids.push(await stored(aQueuedRun({ tags })));
    const nudged: string[] = [];
    const drivers = { nudge: async (runId: string) => void nudged.push(runId) } as unknown as Drivers;
    const filter = { ...everything, tag: { key: "suite", value: "cancel-many" } };
    const first = await cancelAll({ ...ports, drivers }, "default", filter);
    expect(first.runIds).toHaveLength(CANCEL_MAX_RUNS);
    expect(nudged.toSorted()).toEqual(first.runIds.toSorted());
    // A run that comes meanwhile is newer than all of these, and not meant.
    const newer = await stored(aQueuedRun({ tags }, T0 + 1000));
    const second = await cancelAll({ ...ports, drivers }, "default", {
      ...filter,
      beforeRunId: first.nextBefore,
    });
    expect(second).toMatchObject({ alreadyAsked: 0, nextBefore: null });
    expect([...first.runIds, ...second.runIds].toSorted()).toEqual(ids.toSorted());
    expect(await isAsked(newer)).toBe(false);
  });

  it.each<[string, unknown, string | null, string]>([
    ["nothing to go by", {}, "status", "for all runs give"],
    ["a cursor alone", { cursor: "run_00000000000000000000000000" }, "status", "is needed"],
    ["no status at all", { status: [] }, "status", "1"],
    ["a status of runs that are over", { status: ["failed"] }, "status.0", "not final: queued, starting"],
    ["a status that is none", { status: ["asleep"] }, "status.0", "queued"],
    ["a status that is no list", { status: "queued" }, "status", "list"],
    ["a tag without a value", { tag: "team" }, "tag", "key:value"],
    ["a time that is none", { since: "yesterday" }, "since", "RFC 3339"],
    ["another time that is none", { until: 5 }, "until", "RFC 3339"],
    ["a cursor that is none", { tag: "a:b", cursor: "1" }, "cursor", "next_cursor"],
    ["an unknown field", { tag: "a:b", limit: 5 }, "limit", "unknown field limit"],
    ["a list", [], null, "object"],
  ])("with %s is refused and cancels nothing", async (_name, body, path, says) => {
    const id = await stored(aQueuedRun());
    const response = await call(JSON.stringify(body));
    const { error } = await response.json<ErrorBody>();
    expect(response.status).toBe(422);
    expect(error).toMatchObject({ code: "invalid_input", path });
    expect(error.message).toContain(says);
    expect(await isAsked(id)).toBe(false);
  });

  it("with a body that is no JSON is answered 400", async () => {
    for (const body of ["", "{"]) expect((await call(body)).status).toBe(400);
  });
});

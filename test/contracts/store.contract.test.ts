import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { RunEvent } from "../../src/core/event.ts";
import { d1Store } from "../../src/d1/store.ts";
import { aStartingRun, T0 } from "../support/a-run.ts";
import { holdsTheStoreContract } from "./store-contract.ts";

const store = d1Store(env.DB);

holdsTheStoreContract(store);

it("an attempt of before plans had a time of their own was planned when it was asked for, and stays so", async () => {
  const { state, events } = aStartingRun();
  const { id } = state.run;
  await store.accept(state, events, null);
  await env.DB.prepare("UPDATE attempts SET planned_at = NULL WHERE run_id = ?").bind(id).run();
  const old = await store.load(id);
  expect(old).toEqual(state);
  const [at, launchAt] = [T0 + 20_000, T0 + 21_000];
  const taken: RunEvent = { type: "launch_taken", at, attempt: 1, app: "a", launchAt, mayBeAsked: true };
  await store.record(old ?? state, [taken], []);
  expect((await store.load(id))?.attempts).toMatchObject([{ plannedAt: T0, createAskedAt: launchAt }]);
});

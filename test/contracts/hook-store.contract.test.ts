import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { d1Hooks } from "../../src/d1/hook-store.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Secrets } from "../../src/d1/secrets.ts";
import { d1Store } from "../../src/d1/store.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { aHook, holdsTheHookStoreContract } from "./hook-store-contract.ts";

holdsTheHookStoreContract({
  hooks: d1Hooks(env.DB),
  jobs: d1Jobs(env.DB),
  store: d1Store(env.DB),
  secrets: d1Secrets(env.DB),
});

it("a call of a hook that there is not asks the database as often as one that there is", async () => {
  const { database, counts } = countedD1(env.DB);
  const next = { version: 1, definition: { run: {} }, change: { kind: "put" as const }, createdAt: 1 };
  await d1Jobs(env.DB).put("default", "counted", null, next, [], [{ id: "counted", spec: aHook() }]);
  const hooks = d1Hooks(database);
  const statementsOf = async (id: string) => {
    const before = counts.sent;
    const called = await hooks.called(id);
    return { isThere: called !== null, sent: counts.sent - before };
  };
  const [there, unknown] = [await statementsOf("counted"), await statementsOf("nobody")];
  await d1Jobs(env.DB).delete("default", "counted", 2, null);
  const deleted = await statementsOf("counted");
  expect([there, unknown, deleted]).toEqual([
    { isThere: true, sent: 2 },
    { isThere: false, sent: 2 },
    { isThere: false, sent: 2 },
  ]);
});

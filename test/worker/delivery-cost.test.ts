import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { deliverPortsOf } from "../../src/api/delivered-order.ts";
import { d1Hooks } from "../../src/d1/hook-store.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Secrets } from "../../src/d1/secrets.ts";
import { d1Store } from "../../src/d1/store.ts";
import { receive } from "../../src/flow/deliver.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { Drivers } from "../../src/flow/ports.ts";
import { submit } from "../../src/flow/submit.ts";
import { createSecretKeeper } from "../../src/secrets/keeper.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aHook } from "../contracts/hook-store-contract.ts";
import { bitbucketPush } from "../hooks/payloads.ts";
import { aSpec } from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { aPush, githubCall } from "../support/signed.ts";

const SECRET = "a secret of github's";

it("a delivery costs two rows beside its run, and three statements; it asks the database twice before its answer, whatever secrets its job has", async () => {
  const { database, counts } = countedD1(env.DB);
  const store = d1Store(database);
  const all = apiPorts(env);
  // As the worker has it, over the database that counts.
  const counted = createSecretKeeper({
    store: d1Secrets(database),
    keyring: createKeyring(env.ENCRYPTION_KEY, []),
    clock: all.clock,
  });
  const ports = deliverPortsOf({
    ...all,
    store,
    hooks: d1Hooks(database),
    secrets: counted,
    launches: launchesOver(store, { apps: ["cost"], perSecond: 0 }),
    drivers: { start: async () => {} } as unknown as Drivers,
  });
  await all.secrets.set("default", "COST", SECRET);
  const checkout = { repository: "https://git.example/a", ref: "main", token: "COST" };
  const definition = { run: { image: "debian:12", command: ["true"], secrets: { KEY: "COST" }, checkout } };
  const next = { version: 1, definition, change: { kind: "put" as const }, createdAt: 1 };
  const wanted = [
    { id: "cost-taken", spec: aHook({ name: "taken", secrets: ["COST"] }) },
    {
      id: "cost-filtered",
      spec: aHook({ name: "filtered", secrets: ["COST"], filter: { branches: ["x"] } }),
    },
    {
      id: "cost-refs",
      spec: aHook({ name: "refs", source: "bitbucket", secrets: ["COST"], filter: { branches: ["x"] } }),
    },
  ];
  await d1Jobs(env.DB).put("default", "cost", null, next, [], wanted);
  async function costOf(act: () => Promise<unknown>) {
    const { rowsWritten, sent, calls } = counts;
    await act();
    return {
      rowsWritten: counts.rowsWritten - rowsWritten,
      statements: counts.sent - sent,
      calls: counts.calls - calls,
    };
  }
  const call = async (id: string, delivery: string) => {
    const { headers, body } = await githubCall(SECRET, { id: delivery, payload: aPush("main") });
    return receive(ports, id, headers, body);
  };
  const job = { name: "cost", version: 1, input: "{}" };
  const order = { orgId: "default", spec: aSpec(), originId: null, key: null, job };
  const byHand = await costOf(() => submit(ports, order));
  const taken = await costOf(() => call("cost-taken", "1"));
  const again = await costOf(() => call("cost-taken", "1"));
  const filtered = await costOf(() => call("cost-filtered", "1"));
  console.log(
    "a run by hand, of a delivery, the delivery again, one that is filtered:",
    byHand,
    taken,
    again,
    filtered,
  );
  expect(taken.rowsWritten - byHand.rowsWritten).toBeLessThanOrEqual(2);
  expect(taken.statements - byHand.statements).toBeLessThanOrEqual(3);
  expect(taken.calls).toBe(2);
  expect(filtered).toEqual({ rowsWritten: 2, statements: 3, calls: 2 });
  const body = new TextEncoder().encode(JSON.stringify({ ...bitbucketPush(), padding: "x".repeat(50_000) }));
  const headers = new Headers({ "x-event-key": "repo:push", "x-request-uuid": "1" });
  const trusting = { ...ports, senders: { ...ports.senders, verify: async () => true } };
  const ofRefs = await costOf(() => receive(trusting, "cost-refs", headers, body));
  // Three refs: what is read to know the hook is read once, and each has its row; the body is written once.
  expect(ofRefs).toEqual({ rowsWritten: 6, statements: 5, calls: 4 });
  const kept = "SELECT count(*) AS rows, sum(length(body)) AS bytes FROM deliveries WHERE hook = 'refs'";
  expect(await env.DB.prepare(kept).first()).toEqual({ rows: 3, bytes: body.length });
  // The row is changed, and no other is left.
  expect(again.rowsWritten).toBeLessThanOrEqual(1);
});

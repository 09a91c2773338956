import { expect, it } from "vitest";
import { HOOK_ID_CHARS } from "../../src/core/id.ts";
import {
  REFUSED_CALLS_EVERY_MS,
  REFUSED_CALLS_IDS_MAX,
  REFUSED_CALLS_WRITES_MAX,
} from "../../src/core/limits.ts";
import { refusedCallsCounter } from "../../src/flow/refused-calls.ts";
import { createSecretKeeper } from "../../src/secrets/keeper.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import { holdsTheDeliverContract } from "../contracts/deliver-contract.ts";
import { T0 } from "../support/a-run.ts";
import { memoryDeliveryBodies } from "../support/memory-delivery-bodies.ts";
import { MemoryHookStore } from "../support/memory-hook-store.ts";
import { memoryJobStore } from "../support/memory-job-store.ts";
import { MemoryScheduleStore } from "../support/memory-schedule-store.ts";
import { MemorySecretStore } from "../support/memory-secret-store.ts";
import { MemoryStore } from "../support/memory-store.ts";

const hooks = new MemoryHookStore();
const store = new MemoryStore();
store.hooks = hooks;
const sealed = new MemorySecretStore();
hooks.secretsOf = async (orgId, names) =>
  (await sealed.inForce(orgId, names, 0, 0)).filter(({ retiredAt }) => retiredAt === null);
const keyring = createKeyring("dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=", []);
const secrets = createSecretKeeper({ store: sealed, keyring, clock: { now: () => T0 } });
holdsTheDeliverContract({
  hooks,
  bodies: memoryDeliveryBodies(),
  jobs: memoryJobStore(new MemoryScheduleStore(), undefined, hooks),
  store,
  secrets,
  atOnce: 1000,
  ofEachAtOnce: 250,
});

const anId = (text: string) => text.padEnd(HOOK_ID_CHARS, "-");
const KNOWN = anId("known");

it("calls that are not let in are written once a minute for each id, and so often in all, whoever makes them", () => {
  const counter = refusedCallsCounter();
  const start = Math.ceil(T0 / REFUSED_CALLS_EVERY_MS) * REFUSED_CALLS_EVERY_MS;
  const writes = Array.from({ length: 10_000 }, (_, n) => counter.count(anId(`nobody-${n}`), start));
  expect(writes.filter((write) => write !== null)).toHaveLength(REFUSED_CALLS_WRITES_MAX);
  const next = start + REFUSED_CALLS_EVERY_MS;
  for (let call = 0; call < 500; call++) expect(counter.count(KNOWN, start + 1 + call)).toBeNull();
  expect(counter.count(KNOWN, next)).toEqual({ calls: 501, since: start + 1, lastAt: next });
  expect(counter.count(KNOWN, next + 1)).toBeNull();
  expect(counter.count(KNOWN, next + REFUSED_CALLS_EVERY_MS)).toMatchObject({ calls: 2, since: next + 1 });
  // What is not called for long is forgotten for what is.
  counter.count(KNOWN, next + REFUSED_CALLS_EVERY_MS + 1);
  for (let n = 0; n < REFUSED_CALLS_IDS_MAX; n++)
    counter.count(anId(`${n}`), next + REFUSED_CALLS_EVERY_MS + 1);
  expect(counter.count(KNOWN, next + 2 * REFUSED_CALLS_EVERY_MS)).toMatchObject({ calls: 1 });
});

it("calls of ids that no hook can have are counted as one id's, however long they are, and take no other's place", () => {
  const counter = refusedCallsCounter();
  expect(counter.count(KNOWN, T0)).toMatchObject({ calls: 1 });
  expect(counter.count("x", T0)).toMatchObject({ calls: 1 });
  counter.count(KNOWN, T0 + 1);
  for (let n = 0; n < 2 * REFUSED_CALLS_IDS_MAX; n++)
    expect(counter.count(`${n}`.padEnd(HOOK_ID_CHARS + 1, "-"), T0 + 2)).toBeNull();
  const next = T0 + REFUSED_CALLS_EVERY_MS;
  expect(counter.count(KNOWN, next)).toMatchObject({ calls: 2, since: T0 + 1 });
  expect(counter.count("y", next)).toMatchObject({ calls: 2 * REFUSED_CALLS_IDS_MAX + 1 });
});

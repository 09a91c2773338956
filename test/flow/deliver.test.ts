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

import { holdsTheHookStoreContract } from "../contracts/hook-store-contract.ts";
import { MemoryHookStore } from "./memory-hook-store.ts";
import { memoryJobStore } from "./memory-job-store.ts";
import { MemoryScheduleStore } from "./memory-schedule-store.ts";
import { MemorySecretStore } from "./memory-secret-store.ts";
import { MemoryStore } from "./memory-store.ts";

const hooks = new MemoryHookStore();
const store = new MemoryStore();
store.hooks = hooks;
const secrets = new MemorySecretStore();
hooks.secretsOf = async (orgId, names) =>
  (await secrets.inForce(orgId, names, 0, 0)).filter(({ retiredAt }) => retiredAt === null);
const jobs = memoryJobStore(new MemoryScheduleStore(), undefined, hooks);
holdsTheHookStoreContract({ hooks, jobs, store, secrets });

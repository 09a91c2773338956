import { holdsTheAlertStoreContract } from "../contracts/alert-store-contract.ts";
import { MemoryAlertStore } from "./memory-alert-store.ts";
import { memoryJobStore } from "./memory-job-store.ts";
import { MemoryScheduleStore } from "./memory-schedule-store.ts";
import { MemoryStore } from "./memory-store.ts";

const schedules = new MemoryScheduleStore();
const store = new MemoryStore();
store.ledger = schedules;
const alerts = new MemoryAlertStore(schedules, store);
holdsTheAlertStoreContract({ alerts, jobs: memoryJobStore(schedules, alerts), schedules, store });

import { holdsTheScheduleStoreContract } from "../contracts/schedule-store-contract.ts";
import { memoryJobStore } from "./memory-job-store.ts";
import { MemoryScheduleStore } from "./memory-schedule-store.ts";
import { MemoryStore } from "./memory-store.ts";

const schedules = new MemoryScheduleStore();
const store = new MemoryStore();
store.ledger = schedules;
holdsTheScheduleStoreContract(schedules, memoryJobStore(schedules), store);

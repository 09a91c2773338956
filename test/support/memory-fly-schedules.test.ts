import { holdsTheFlySchedulesContract } from "../contracts/fly-schedules-contract.ts";
import { MemoryFleetStore } from "./memory-fleet-store.ts";
import { MemoryFlySchedules } from "./memory-fly-schedules.ts";
import { memoryJobStore } from "./memory-job-store.ts";
import { MemoryScheduleStore } from "./memory-schedule-store.ts";
import { MemoryStore } from "./memory-store.ts";

const schedules = new MemoryScheduleStore();
const store = new MemoryStore();
store.ledger = schedules;
const flySchedules = new MemoryFlySchedules(schedules);
const fleetStore = new MemoryFleetStore(store, flySchedules);
holdsTheFlySchedulesContract({ flySchedules, schedules, jobs: memoryJobStore(schedules), store, fleetStore });

import { env } from "cloudflare:workers";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Schedules } from "../../src/d1/schedule-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { holdsTheScheduleStoreContract } from "./schedule-store-contract.ts";

holdsTheScheduleStoreContract(d1Schedules(env.DB), d1Jobs(env.DB), d1Store(env.DB));

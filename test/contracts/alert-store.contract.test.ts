import { env } from "cloudflare:workers";
import { d1Alerts } from "../../src/d1/alert-store.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Schedules } from "../../src/d1/schedule-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { holdsTheAlertStoreContract } from "./alert-store-contract.ts";

holdsTheAlertStoreContract({
  alerts: d1Alerts(env.DB),
  jobs: d1Jobs(env.DB),
  schedules: d1Schedules(env.DB),
  store: d1Store(env.DB),
});

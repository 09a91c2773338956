import { env } from "cloudflare:workers";
import { d1Hooks } from "../../src/d1/hook-store.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { r2DeliveryBodies } from "../../src/r2/delivery-bodies.ts";
import { secretKeeperOn } from "../support/run-to-end.ts";
import { holdsTheDeliverContract } from "./deliver-contract.ts";

holdsTheDeliverContract({
  hooks: d1Hooks(env.DB),
  bodies: r2DeliveryBodies(env.OUTPUT),
  jobs: d1Jobs(env.DB),
  store: d1Store(env.DB),
  secrets: secretKeeperOn(env.DB),
  atOnce: 40,
  ofEachAtOnce: 4,
});

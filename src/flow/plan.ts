/** Plan: decide the Machine of the next attempt and store the decision before it is acted on. */

import { planAttempt } from "../core/plan.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, found } from "./flow.ts";

export async function plan(ports: FlowPorts, drive: Drive): Promise<Findings> {
  return found(planAttempt(drive.state, ports.defaultRegion, ports.clock.now()));
}

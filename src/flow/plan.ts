/** Plan: decide the Machine of the next attempt and store the decision before it is acted on. */

import { machineName } from "../core/id.ts";
import { queueLimitAt } from "../core/next-step.ts";
import { planAttempt } from "../core/plan.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, found } from "./flow.ts";

export async function plan(ports: FlowPorts, drive: Drive): Promise<Findings> {
  const { run, attempts } = drive.state;
  const now = ports.clock.now();
  const launch = await ports.launches.take(now, {
    machineName: machineName(run.id, attempts.length + 1),
    before: queueLimitAt(drive.state, now),
  });
  return found(planAttempt(drive.state, ports.defaultRegion, now, launch));
}

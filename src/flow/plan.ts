/**
 * Plan: decide the Machine of the next attempt and store the decision before it is acted on. It is planned with its launch: a run
 * that can have none so soon stands in line for one, and rests there until it is called or its queue limit passes.
 */

import { machineName } from "../core/id.ts";
import { planAttempt } from "../core/plan.ts";
import { awaitsLaunch, launchAwaited } from "../core/turn.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, found, nothingNew } from "./flow.ts";

export async function plan(ports: FlowPorts, drive: Drive, until: number): Promise<Findings> {
  const { run, attempts } = drive.state;
  const now = ports.clock.now();
  const launch = await ports.launches.take(now, {
    machineName: machineName(run.id, attempts.length + 1),
    before: until,
    inLine: run,
  });
  if (launch !== null) return found(planAttempt(drive.state, ports.defaultRegion, now, launch));
  // It tries once more when it stands there, so that no launch is missed that was free in between.
  if (!awaitsLaunch(run)) return found(launchAwaited(now));
  const again = (await ports.launches.nextTry(now, run, until)) ?? until;
  return nothingNew(Math.max(1, Math.min(again, until) - now));
}

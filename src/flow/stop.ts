/**
 * Stop: tell the command to end. Under the runner that is a signal, which the runner hands on and follows with a kill after
 * the grace, so that the Machine stays up for the rest of the output. Without it the Machine itself is stopped.
 */

import { STOP_SIGNAL } from "../core/plan.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, found, nothingNew } from "./flow.ts";

export async function stop(ports: FlowPorts, drive: Drive): Promise<Findings> {
  const { spec } = drive.state.run;
  const machineId = drive.machineId();
  const result =
    spec.capture === "output"
      ? await ports.machines.signal(machineId, STOP_SIGNAL)
      : await ports.machines.stop(machineId, STOP_SIGNAL, spec.timeouts.stopMs);
  if (result.kind === "failed" && drive.failures < STOP_TRIES) return nothingNew(drive.backOffMs());
  // Whether the signal arrived or can not be sent: from here on the stop limit runs.
  drive.failures = 0;
  return found({ type: "stop_requested", at: ports.clock.now(), attempt: drive.attempt().number });
}

/** Tries to send the signal before the stop limit runs without it. */
const STOP_TRIES = 4;

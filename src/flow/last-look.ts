/**
 * The last look: a limit has passed, but perhaps only because nobody looked, while the worker was down. So the Machine is asked
 * once more before the run is settled without its word.
 */

import type { Ending } from "../core/outcome.ts";
import { currentAttempt } from "../core/run.ts";
import type { Drive } from "./drive.ts";
import type { Findings, FlowPorts } from "./flow.ts";
import { lookForMachine } from "./launch.ts";
import { lookAtMachine } from "./observe.ts";
import { readOutput } from "./read-output.ts";
import { settleNow } from "./settle.ts";

/** Settles the run as told, unless a last look brings news. */
export async function settleAfterLook(ports: FlowPorts, drive: Drive, ending: Ending): Promise<Findings> {
  if (!drive.lookedLast) {
    drive.lookedLast = true;
    const findings = await look(ports, drive);
    // News moves the run on, so the next limit deserves a look of its own; output alone may go on for ever.
    if (findings && findings.events.length > 0) drive.lookedLast = false;
    if (findings && findings.events.length + findings.chunks.length > 0) return findings;
  }
  return settleNow(ports, drive, ending);
}

async function look(ports: FlowPorts, drive: Drive): Promise<Findings | null> {
  const attempt = currentAttempt(drive.state);
  if (attempt === null) return null;
  if (attempt.machineId === null) return drive.neverAsked ? null : lookForMachine(ports, drive);
  const captured = drive.state.run.spec.capture === "output";
  // Now, without waiting: the limit is the end of patience.
  return captured && attempt.startedAt !== null
    ? readOutput(ports, drive, ports.clock.now())
    : lookAtMachine(ports, drive);
}

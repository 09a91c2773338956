/**
 * The last look: a limit has passed, but perhaps only because nobody looked, while the worker was down. So the Machine is asked
 * once more before the run is settled without its word.
 */

import { LAST_LOOKS_MAX } from "../core/limits.ts";
import { type Ending, timedOut } from "../core/outcome.ts";
import { currentAttempt } from "../core/run.ts";
import type { Drive } from "./drive.ts";
import type { Findings, FlowPorts } from "./flow.ts";
import { lookForMachine } from "./launch.ts";
import { lookAtMachine } from "./observe.ts";
import { readOutput } from "./read-output.ts";
import { settleNow } from "./settle.ts";

/**
 * Settles the run as told, unless a last look brings news. One that came to no answer is no look: it is made again, a few
 * times.
 */
export async function settleAfterLook(ports: FlowPorts, drive: Drive, ending: Ending): Promise<Findings> {
  if (!drive.lookedLast) {
    drive.unheard = false;
    const findings = await look(ports, drive);
    const isNews = findings !== null && findings.events.length + findings.chunks.length > 0;
    const again = !isNews && (drive.unheard || mayYetAppear(drive)) && drive.lastLooks < LAST_LOOKS_MAX - 1;
    drive.lastLooks = again ? drive.lastLooks + 1 : 0;
    // News moves the run on, so the next limit deserves a look of its own; output alone may go on for ever.
    drive.lookedLast = !again && !(findings && findings.events.length > 0);
    if (findings && (isNews || again)) return findings;
  }
  return settleNow(ports, drive, ending.limit === "boot" ? bootTimedOut(drive) : ending);
}

/** Whether more looks would tell that there is no Machine: one that was asked for just now may be in no list yet. */
function mayYetAppear(drive: Drive): boolean {
  return drive.asksAreOwn && !drive.neverHadMachine() && currentAttempt(drive.state)?.machineId === null;
}

/** Which part of a slow start it was that took too long. */
function bootTimedOut({ state, imageSeen, lacksSecrets }: Drive): Ending {
  const whatOfImage = {
    true: "the machine had its image and was not started",
    false: "the machine's image was still being fetched",
    null: "the machine was not started",
  }[String(imageSeen) as "true" | "false" | "null"];
  const what = lacksSecrets ? "the machine was started and did not take its secrets" : whatOfImage;
  return timedOut("boot", state.run.spec.timeouts.bootMs, what);
}

async function look(ports: FlowPorts, drive: Drive): Promise<Findings | null> {
  const attempt = currentAttempt(drive.state);
  if (attempt === null) return null;
  // Not this driver alone can have asked, where the plan is not fresh any more.
  if (attempt.machineId === null)
    return drive.hasNoMachine(ports.clock.now()) ? null : lookForMachine(ports, drive);
  const captured = drive.state.run.spec.capture === "output";
  // Now, without waiting: the limit is the end of patience.
  return captured && attempt.startedAt !== null
    ? readOutput(ports, drive, ports.clock.now())
    : lookAtMachine(ports, drive);
}

/**
 * Release: the attempt is over, now see its Machine gone. A Machine whose runner told the end is let go and exits with the
 * command's own code, so that Fly's events show it too; any other is destroyed. The run stays open, and a retry
 * waits, until the Machine is known to be gone: no Machine is forgotten, and a run never has two.
 */

import type { Attempt } from "../core/attempt.ts";
import {
  CREATE_LOOKUP_PAUSE_MS,
  CREATE_LOOKUPS_NEEDED,
  LET_GO_MS,
  MACHINE_WAIT_MAX_MS,
} from "../core/limits.ts";
import type { MachineEvent } from "../core/machine.ts";
import { RELEASE_SIGNAL } from "../core/runner-protocol.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, found, nothingNew } from "./flow.ts";

export async function release(ports: FlowPorts, drive: Drive, attempt: Attempt): Promise<Findings> {
  // An attempt that was given up meanwhile takes no more news of its Machine, but it is known all the same.
  const made = drive.made?.attempt === attempt.number ? drive.made.machineId : null;
  const machineId = attempt.machineId ?? made;
  if (machineId === null) return releaseUnknown(ports, drive, attempt);
  const now = ports.clock.now();
  if (drive.letGoAt === null) {
    drive.letGoAt = now;
    if (endedUnderRunner(drive, attempt)) {
      const result = await ports.machines.signal(machineId, RELEASE_SIGNAL);
      if (result.kind === "failed") drive.letGoAt = now - LET_GO_MS;
    } else if (!endedByItself(attempt)) drive.letGoAt = now - LET_GO_MS;
  }
  const overdue = now - drive.letGoAt >= LET_GO_MS;
  if (overdue) {
    const result = await ports.machines.destroy(machineId);
    if (result.kind === "failed") return nothingNew(drive.backOffMs());
  }
  const waitMs = overdue ? MACHINE_WAIT_MAX_MS : Math.max(1000, LET_GO_MS - (now - drive.letGoAt));
  const wait = await ports.machines.wait(machineId, "destroyed", waitMs);
  if (wait.kind === "not_yet") return nothingNew(drive.pauseAfterWait(now, ports.clock.now()));
  if (wait.kind === "failed") return nothingNew(drive.backOffMs());
  return gone(ports, drive, attempt, machineId);
}

/**
 * The wait says that the Machine is gone, which it also says (404) of one that it does not know yet. Only the Machine's own
 * word counts, or a silence that lasts; its events are kept beside ours.
 */
async function gone(ports: FlowPorts, drive: Drive, attempt: Attempt, machineId: string): Promise<Findings> {
  const askedAt = ports.clock.now();
  const look = await ports.machines.get(machineId);
  const now = ports.clock.now();
  if (look.kind === "found" && look.machine.state === "destroyed")
    return found(released(ports, attempt, look.machine.events.toReversed()));
  if (look.kind === "absent") {
    if (drive.isAbsentForLong(askedAt, now)) return found(released(ports, attempt, []));
  } else if (look.kind === "found") {
    drive.absentSince = null;
    // It lives on after all: not to be waited for any longer, but to be destroyed.
    if (look.machine.state !== "destroying") drive.letGoAt = now - LET_GO_MS;
  }
  return nothingNew(drive.backOffMs());
}

/** No Machine is known of, but one that was asked for may yet appear. */
async function releaseUnknown(ports: FlowPorts, drive: Drive, attempt: Attempt): Promise<Findings> {
  if (drive.hasNoMachine(ports.clock.now())) return found(released(ports, attempt, []));
  const look = await ports.machines.find(attempt.machineName, drive.state.run.id);
  if (look.kind === "failed") return nothingNew(drive.backOffMs());
  if (look.kind === "absent") {
    drive.emptyLookups += 1;
    if (drive.emptyLookups < CREATE_LOOKUPS_NEEDED) return nothingNew(CREATE_LOOKUP_PAUSE_MS);
    return found(released(ports, attempt, []));
  }
  if (look.machine.state === "destroyed")
    return found(released(ports, attempt, look.machine.events.toReversed()));
  const result = await ports.machines.destroy(look.machine.id);
  return nothingNew(result.kind === "failed" ? drive.backOffMs() : CREATE_LOOKUP_PAUSE_MS);
}

function released(ports: FlowPorts, attempt: Attempt, events: MachineEvent[]) {
  return { type: "machine_released" as const, at: ports.clock.now(), attempt: attempt.number, events };
}

function endedUnderRunner(drive: Drive, attempt: Attempt): boolean {
  return drive.state.run.spec.capture === "output" && attempt.exitedAt !== null;
}

function endedByItself(attempt: Attempt): boolean {
  return attempt.exitedAt !== null;
}

/** Observe: wait for the Machine and look at it, until it is started, has ended or is lost. */

import type { RunEvent } from "../core/event.ts";
import { EXEC_LATER_PAUSE_MS, MACHINE_WAIT_MAX_MS, SLOW_START_MS } from "../core/limits.ts";
import {
  hasFailedLaunch,
  imageReadyAt,
  isGone,
  isUnstarted,
  lastExit,
  lastStartedAt,
  type Machine,
  type MachineExit,
} from "../core/machine.ts";
import { type CommandEnd, cancelledEnding, type Ending, failed } from "../core/outcome.ts";
import { hasSecrets } from "../core/run-spec.ts";
import { signalName, signalOfCode } from "../core/signals.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, found, nothingNew } from "./flow.ts";
import { type Given, giveSecrets } from "./give-secrets.ts";
import { exitedAndSettled, settleNow, summary } from "./settle.ts";

/** Waits until the Machine is started. */
export async function awaitStart(ports: FlowPorts, drive: Drive, until: number): Promise<Findings> {
  const result = await ports.machines.wait(
    drive.machineId(),
    "started",
    remainingMs(ports, until),
    drive.interrupt,
  );
  if (result.kind === "reached") {
    drive.absentSince = null;
    const given = await giveSecrets(ports, drive, drive.machineId());
    // A Machine that takes no command may be gone by now.
    if (given.kind === "not_running") return lookAtMachine(ports, drive, false);
    if (given.kind !== "given") return withoutSecrets(ports, drive, given);
    drive.failures = 0;
    return found(await seenStarted(ports, drive));
  }
  if (drive.interrupt?.aborted) return nothingNew(0);
  // Fly answers 400 to a wait for what will not be, and "not yet" may mean that it will never be: a short command can be over before the first wait.
  return lookAtMachine(ports, drive);
}

/** That the Machine is started and, of a slow one, how long its image took, which only the Machine's own events tell. */
export async function seenStarted(ports: FlowPorts, drive: Drive): Promise<RunEvent> {
  const at = ports.clock.now();
  const event = { type: "machine_started" as const, at, attempt: drive.attempt().number };
  if (!wasSlow(drive, at)) return event;
  const look = await ports.machines.get(drive.machineId());
  return look.kind === "found" ? { ...event, ...imageReady(look.machine) } : event;
}

function imageReady(machine: Machine): { imageReadyAt?: number } {
  const at = imageReadyAt(machine);
  return at === null ? {} : { imageReadyAt: at };
}

/** Waits until a Machine that runs its image by itself has ended. */
export async function awaitEnd(ports: FlowPorts, drive: Drive, until: number): Promise<Findings> {
  const beganAt = ports.clock.now();
  const result = await ports.machines.wait(
    drive.machineId(),
    "destroyed",
    remainingMs(ports, until),
    drive.interrupt,
  );
  if (drive.interrupt?.aborted) return nothingNew(0);
  if (result.kind === "not_yet") return nothingNew(drive.pauseAfterWait(beganAt, ports.clock.now()));
  return lookAtMachine(ports, drive);
}

/** A Machine counts as started once its command can start: with its secrets. */
async function withoutSecrets(
  ports: FlowPorts,
  drive: Drive,
  given: Exclude<Given, { kind: "given" }>,
): Promise<Findings> {
  drive.lacksSecrets = true;
  if (given.kind === "impossible") return settleNow(ports, drive, failed("launch_refused", given.problem));
  if (given.kind === "later") return nothingNew(EXEC_LATER_PAUSE_MS);
  return nothingNew(drive.interrupt?.aborted ? 0 : drive.backOffMs());
}

/**
 * Asks the Machine itself what became of it. A missing exit event is unknown, never 0.
 * @param takesSecrets false where it was just found to take no command
 */
export async function lookAtMachine(ports: FlowPorts, drive: Drive, takesSecrets = true): Promise<Findings> {
  const askedAt = ports.clock.now();
  const look = await ports.machines.get(drive.machineId());
  if (look.kind === "failed") {
    drive.unheard = true;
    return nothingNew(drive.backOffMs());
  }
  if (look.kind === "found") {
    const { machine } = look;
    const exit = lastExit(machine);
    if (exit && machine.state !== "started") return ended(ports, drive, machine, exit);
    drive.imageSeen = imageReadyAt(machine) !== null;
    if (waitsForStart(drive, machine)) return nothingNew(drive.isReady ? 0 : drive.backOffMs());
    if (!isGone(machine.state) && machine.state !== "stopped" && machine.state !== "failed") {
      drive.absentSince = null;
      return machine.state === "started" && takesSecrets
        ? startedAfterAll(ports, drive, machine)
        : nothingNew(drive.backOffMs());
    }
  }
  return lostOrPatience(ports, drive, look.kind === "found" ? look.machine : null, askedAt);
}

/** Whether it was made ahead and nobody has started it. What is seen of it is remembered. */
function waitsForStart(drive: Drive, machine: Machine): boolean {
  const { machineConfig, startedAt } = drive.attempt();
  if (machineConfig.startsAt === undefined || startedAt !== null || !isUnstarted(machine)) return false;
  drive.absentSince = null;
  drive.isReady = machine.state === "stopped";
  drive.imageSeen = drive.isReady;
  return true;
}

async function startedAfterAll(ports: FlowPorts, drive: Drive, machine: Machine): Promise<Findings> {
  if (drive.attempt().startedAt !== null) return nothingNew(drive.backOffMs());
  const given = await giveSecrets(ports, drive, machine.id);
  if (given.kind !== "given") return withoutSecrets(ports, drive, given);
  drive.failures = 0;
  const now = ports.clock.now();
  // The run limit is the command's, which has waited for its secrets until now.
  return found(
    hasSecrets(drive.state.run.spec) ? started(drive, machine, now) : startedBy(drive, machine, now),
  );
}

async function ended(ports: FlowPorts, drive: Drive, machine: Machine, exit: MachineExit): Promise<Findings> {
  const now = ports.clock.now();
  const captured = drive.state.run.spec.capture === "output";
  if (captured) drive.offsets ??= await ports.store.outputOffsets(drive.state.run.id, drive.attempt().number);
  const events: RunEvent[] = drive.attempt().startedAt === null ? [startedBy(drive, machine, now)] : [];
  const { stopRequestedAt } = drive.attempt();
  // It may have ended by itself before the stop arrived.
  const stopped = stopRequestedAt !== null && (exit.requestedStop || (exit.at ?? 0) >= stopRequestedAt);
  const timedOut = stopped && drive.state.run.cancelRequestedAt === null;
  const end = { ...commandEnd(exit), at: exit.at, timedOut };
  // The Machine's word about the exit came before the runner's: what was not read by then is gone with its disk.
  return found(...events, ...exitedAndSettled(drive, now, end, "machine", summary(drive.offsets, !captured)));
}

/** A gone Machine without an exit event, or one that nobody knows, is believed after a while: looks can lag behind. */
async function lostOrPatience(
  ports: FlowPorts,
  drive: Drive,
  machine: Machine | null,
  askedAt: number,
): Promise<Findings> {
  drive.unheard = true;
  if (!drive.isAbsentForLong(askedAt, ports.clock.now())) return nothingNew(drive.backOffMs());
  const { run } = drive.state;
  // Whoever wanted its end does not ask how it came.
  return settleNow(
    ports,
    drive,
    run.cancelRequestedAt !== null ? cancelledEnding(run) : endOfGone(drive, machine),
  );
}

/**
 * How an attempt ended whose Machine is gone and left no exit event. One that went before it was started is lost like any, with its host,
 * unless Fly says that it could not be launched.
 */
function endOfGone(drive: Drive, machine: Machine | null): Ending {
  if (machine === null)
    return failed("machine_lost", "the machine is gone: the Machines API does not know it");
  if (drive.attempt().startedAt !== null || lastStartedAt(machine) !== null)
    return failed("machine_lost", `the machine is gone: it is ${machine.state} and left no exit event`);
  const before = `the machine was ${machine.state} before it was started`;
  return hasFailedLaunch(machine)
    ? failed("image_unavailable", `${before}; the image may not exist, be private or be too large`)
    : failed("machine_lost", `${before}, and nothing tells why; its image may be too large`);
}

/** When it was started by its own word. */
function startedBy(drive: Drive, machine: Machine, now: number): RunEvent {
  return started(drive, machine, lastStartedAt(machine) ?? now);
}

function started(drive: Drive, machine: Machine, at: number): RunEvent {
  const { number } = drive.attempt();
  return { type: "machine_started", at, attempt: number, ...(wasSlow(drive, at) && imageReady(machine)) };
}

/** Of one that was made ahead the start begins with its time, and its image is no part of it. */
function wasSlow(drive: Drive, startedAt: number): boolean {
  const { createdAt, machineConfig } = drive.attempt();
  return startedAt - Math.max(createdAt ?? startedAt, machineConfig.startsAt ?? 0) >= SLOW_START_MS;
}

function commandEnd(exit: MachineExit): CommandEnd {
  const signal = (exit.signal !== null ? signalName(exit.signal) : null) ?? signalOfCode(exit.code);
  return {
    exit: { code: exit.code, signal, oomKilled: exit.oomKilled },
    timedOut: false,
    commandMissing: null,
  };
}

function remainingMs(ports: FlowPorts, until: number): number {
  return Math.max(1000, Math.min(MACHINE_WAIT_MAX_MS, until - ports.clock.now()));
}

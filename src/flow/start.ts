/**
 * Start: a Machine that was made ahead of its run's time waits, `stopped`, and is started then, not before and once.
 *
 * Once is what takes care, as a start can not be taken back and one that arrives at a Machine whose command is over runs it again. So whoever is
 * to start it records that first (`machine_ready`), shortly before the time: the event's number is the lock, and the first to record it starts
 * without a look. Who takes over from another records it, too, and looks at the Machine once what that one has asked for must have arrived.
 *
 * The driver alone decides whether the run still goes, and up to the last moment: a schedule that was paused or changed since
 * takes its due time back, unless the Machine may have been started by then: its command would run for a due time that another run has,
 * too. Whoever changes a schedule calls the driver, so that the Machine goes at once.
 */

import { CREATE_WORD_HEARD_MS, MACHINE_WAIT_MAX_MS, PUNCTUAL_AWAKE_MS } from "../core/limits.ts";
import { CANCELLED, failed } from "../core/outcome.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, nothingNew } from "./flow.ts";
import { awaitStart, lookAtMachine } from "./observe.ts";
import { settleNow } from "./settle.ts";

/** Sees that the Machine can be started, and rests until shortly before its time. */
export async function makeReady(ports: FlowPorts, drive: Drive, startsAt: number): Promise<Findings> {
  if (!drive.isReady) return awaitReady(ports, drive, startsAt);
  if (!(await ports.store.isStillDue(drive.state.run))) return notDue(ports, drive);
  const leftMs = startsAt - ports.clock.now();
  if (leftMs > PUNCTUAL_AWAKE_MS) return nothingNew(leftMs - PUNCTUAL_AWAKE_MS);
  if (!drive.isStarter) return sayThatItStarts(ports, drive);
  return nothingNew(Math.max(1, leftMs));
}

/** Starts the Machine whose time has come, as soon as it can be, and waits until it is started. */
export async function start(ports: FlowPorts, drive: Drive, until: number): Promise<Findings> {
  if (drive.isStarting) return seeItStart(ports, drive, until);
  if (!drive.isStarter) {
    const mayBeStarted = drive.attempt().readyAt !== null;
    if (!mayBeStarted && !(await ports.store.isStillDue(drive.state.run))) return notDue(ports, drive);
    return sayThatItStarts(ports, drive);
  }
  const heardMs = (drive.startAskedAt ?? Number.NEGATIVE_INFINITY) + CREATE_WORD_HEARD_MS - ports.clock.now();
  if (heardMs > CREATE_WORD_HEARD_MS) drive.startAskedAt = ports.clock.now();
  if (heardMs > 0) return nothingNew(Math.min(heardMs, CREATE_WORD_HEARD_MS));
  if (drive.startAskedAt !== null) {
    // What was asked for, by whomever, has arrived by now.
    drive.startAskedAt = null;
    drive.isReady = false;
    return lookAtMachine(ports, drive);
  }
  if (!drive.isReady) return awaitReady(ports, drive, until);
  if (drive.hasTakenOver && !(await ports.store.isStillDue(drive.state.run))) return notDue(ports, drive);
  return ask(ports, drive);
}

async function ask(ports: FlowPorts, drive: Drive): Promise<Findings> {
  drive.startAskedAt = ports.clock.now();
  const result = await ports.machines.start(drive.machineId());
  drive.isReady = false;
  switch (result.kind) {
    case "done":
      drive.failures = 0;
      drive.isStarting = true;
      return nothingNew(0);
    case "uncertain":
      return nothingNew(drive.backOffMs());
    case "no_capacity":
      return settleNow(ports, drive, failed("no_capacity", result.error));
    default: {
      drive.startAskedAt = null;
      const pauseMs = drive.backOffMs();
      const findings = await lookAtMachine(ports, drive);
      return { ...findings, pauseMs: Math.max(findings.pauseMs, findings.events.length > 0 ? 0 : pauseMs) };
    }
  }
}

async function seeItStart(ports: FlowPorts, drive: Drive, until: number): Promise<Findings> {
  const findings = await awaitStart(ports, drive, until);
  // It still waits, though the call was taken: either that look was behind, or it is to be asked for once more.
  if (drive.isReady) {
    drive.isStarting = false;
    drive.startAskedAt = ports.clock.now();
  }
  return findings;
}

async function awaitReady(ports: FlowPorts, drive: Drive, until: number): Promise<Findings> {
  const leftMs = Math.max(1000, Math.min(MACHINE_WAIT_MAX_MS, until - ports.clock.now()));
  const result = await ports.machines.wait(drive.machineId(), "stopped", leftMs, drive.interrupt);
  if (drive.interrupt?.aborted) return nothingNew(0);
  // Whether it waits, or has run and is over, is for the Machine to say: both are `stopped`.
  const findings = await lookAtMachine(ports, drive);
  if (result.kind === "reached" && drive.isReady) drive.failures = 0;
  return findings;
}

/** Whoever takes over from another does not know whether that one has asked: it looks once that has arrived. */
async function sayThatItStarts(ports: FlowPorts, drive: Drive): Promise<Findings> {
  const isFirst = drive.attempt().readyAt === null;
  const at = ports.clock.now();
  const event = { type: "machine_ready" as const, at, attempt: drive.attempt().number };
  drive.hasTakenOver = !isFirst;
  drive.isStarter = await drive.remember(ports, { events: [event], chunks: [], pauseMs: 0 });
  const { startsAt = at } = drive.attempt().machineConfig;
  if (drive.isStarter) drive.startAskedAt = isFirst ? null : Math.max(at, startsAt);
  return nothingNew(0);
}

function notDue(ports: FlowPorts, drive: Drive): Promise<Findings> {
  const detail = "its schedule was paused or changed before its time, which decides anew";
  return settleNow(ports, drive, { ...CANCELLED, detail });
}

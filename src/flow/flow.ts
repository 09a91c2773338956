/**
 * The story of a run on one screen: submit → take turn → plan → launch → observe → settle → release, and again where an attempt
 * follows. `advance` looks at what is stored, asks the core for the next step, does that one thing and records what came of it.
 * There is no other recovery code: a crash, a deploy, a lost alarm and the ordinary case all take this path.
 *
 * This folder imports `core` and its own `ports`; it knows no platform, no SQL and no JSON of Fly's.
 */

import type { RunEvent } from "../core/event.ts";
import { nextStep } from "../core/next-step.ts";
import type { OutputChunk } from "../core/output.ts";
import { currentAttempt, type RunState } from "../core/run.ts";
import { callNext } from "./call-next.ts";
import type { Drive } from "./drive.ts";
import { settleAfterLook } from "./last-look.ts";
import { launch } from "./launch.ts";
import { putUnusedBack } from "./launches.ts";
import { awaitEnd, awaitStart } from "./observe.ts";
import { oneStart } from "./one-start.ts";
import { plan } from "./plan.ts";
import type { Launches } from "./ports/launches.ts";
import type { Secrets } from "./ports/secrets.ts";
import type { Blobs, Clock, Drivers, Machines, Store } from "./ports.ts";
import { readOutput } from "./read-output.ts";
import { release } from "./release.ts";
import { settleNow } from "./settle.ts";
import { makeReady, start } from "./start.ts";
import { stop } from "./stop.ts";
import { takeTurn } from "./take-turn.ts";

/** What a step of a run needs of the world. */
export interface FlowPorts {
  store: Store;
  /** Of the attempt's app. */
  machines: Machines;
  launches: Launches;
  blobs: Blobs;
  secrets: Secrets;
  clock: Clock;
  /** Drivers of other runs: those that are next in a queue, or have to make room. */
  drivers: Pick<Drivers, "nudge">;
  /** Where machines run unless the run says otherwise. */
  defaultRegion: string | null;
  /** Runs of an organization that may run at once; null for no limit. */
  organizationLimit: number | null;
}

/** What advancing a run needs: the same, with the machines of any app. */
export interface AdvancePorts extends Omit<FlowPorts, "machines"> {
  /** @param app null for the first of the deployment's apps */
  machinesOf(app: string | null): Machines;
}

/** What a step found out: facts to record, output to store with them, and when to look again. */
export interface Findings {
  events: RunEvent[];
  chunks: OutputChunk[];
  /** Pause before the next step; 0 goes on at once. */
  pauseMs: number;
}

/** Nothing new; look again after a pause. */
export function nothingNew(pauseMs: number): Findings {
  return { events: [], chunks: [], pauseMs };
}

/** Facts to record, and on with the next step at once. */
export function found(...events: RunEvent[]): Findings {
  return { events, chunks: [], pauseMs: 0 };
}

/** Milliseconds until the next step, or `done` where the run has nothing left to do. */
export type Next = { pauseMs: number } | "done";

/** Does the next step of a run and records it. Changes `drive`, which is the caller's memory and holds no facts. */
export async function advance(ports: AdvancePorts, drive: Drive): Promise<Next> {
  const unrecorded = drive.unrecorded();
  if (unrecorded !== null) {
    // It is known by its id, so nobody has to find it in a list, which may lag behind.
    await drive.remember(ports, found(unrecorded));
    return { pauseMs: 0 };
  }
  const step = nextStep(drive.state, ports.clock.now(), ports.organizationLimit);
  if (step.do === "nothing") return "done";
  const before = drive.state;
  const machines = machinesOfAttempt(ports, drive.state);
  const findings = await carryOut({ ...ports, machines }, drive, step);
  await drive.remember(ports, findings);
  await putUnusedBack(ports.launches, before, drive.state);
  await callNext(ports, before, drive.state);
  return { pauseMs: findings.pauseMs };
}

/** The deployment's list of apps can change: an attempt stays in the app that it was planned for. */
function machinesOfAttempt(ports: AdvancePorts, state: RunState): Machines {
  const attempt = currentAttempt(state);
  const machines = ports.machinesOf(attempt?.app ?? null);
  const startedAt = attempt?.machineConfig.startedByFlyAt;
  return startedAt === undefined ? machines : oneStart(machines, startedAt);
}

function carryOut(
  ports: FlowPorts,
  drive: Drive,
  step: Exclude<ReturnType<typeof nextStep>, { do: "nothing" }>,
): Promise<Findings> {
  switch (step.do) {
    case "take_turn":
      return takeTurn(ports, drive, step.until);
    case "plan":
      return plan(ports, drive, step.until);
    case "launch":
      return launch(ports, drive);
    case "await_start":
      return awaitStart(ports, drive, step.until);
    case "make_ready":
      return makeReady(ports, drive, step.startsAt);
    case "start":
      return start(ports, drive, step.until);
    case "read_output":
      return readOutput(ports, drive, step.until);
    case "await_end":
      return awaitEnd(ports, drive, step.until);
    case "stop":
      return stop(ports, drive);
    case "settle":
      return step.lookFirst
        ? settleAfterLook(ports, drive, step.ending)
        : settleNow(ports, drive, step.ending);
    case "release":
      return release(ports, drive, step.attempt);
    case "rest":
      return Promise.resolve(nothingNew(Math.max(1, step.until - ports.clock.now())));
  }
}

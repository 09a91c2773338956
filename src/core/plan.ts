/** The Machine of an attempt, decided from the run's spec: what it is asked for with. */

import { upstreamEnvironment } from "./chain/upstream.ts";
import { commandsPath, withPath } from "./command-path.ts";
import type { AttemptPlanned, RunEvent } from "./event.ts";
import { deliveryEnvironment, type RunChange } from "./hook/run-delivery.ts";
import { machineName } from "./id.ts";
import { jobEnvironment, type RunJob } from "./job.ts";
import { RUNNER_LINGER_MS } from "./limits.ts";
import { type MachineConfig, METADATA_ATTEMPT, METADATA_RUN, METADATA_SCHEDULE } from "./machine.ts";
import type { Launch } from "./pace.ts";
import { currentAttempt, type Run, type RunState, startsAt } from "./run.ts";
import { hasSecrets, type RunSpec, type SpecFile } from "./run-spec.ts";
import { jobCommand, runnerCommand, runnerFiles, runnerPath } from "./runner-protocol.ts";
import { firingEnvironment } from "./schedule/firing.ts";
import { type MaskedSecrets, secretFiles, withSecrets } from "./secret-giving.ts";
import { stepFiles, stepsCommand } from "./step/files.ts";

/** The signal that asks a command to stop. */
export const STOP_SIGNAL = "SIGTERM";

/**
 * The event that plans the next attempt of a run.
 * @param launch where and when its Machine is asked for; unless told otherwise at once, in the deployment's first app
 */
export function planAttempt(
  state: RunState,
  defaultRegion: string | null,
  nowMs: number,
  launch: Launch = { app: null, at: nowMs },
): AttemptPlanned {
  const attempt = state.attempts.length + 1;
  const name = machineName(state.run.id, attempt);
  const launchAt = Math.max(nowMs, launch.at);
  return {
    type: "attempt_planned",
    at: nowMs,
    attempt,
    machineName: name,
    machineConfig: {
      ...machineConfig(state.run, attempt, name, placeOf(state, defaultRegion)),
      ...startLater(state, launchAt),
    },
    app: launch.app,
    launchAt,
  };
}

/** A Machine that is asked for ahead of its run's time is started by a call of its own. */
function startLater({ run }: RunState, launchAt: number): Pick<MachineConfig, "startsAt"> {
  const at = startsAt(run);
  return at !== null && launchAt < at ? { startsAt: at } : {};
}

/** Size and place: the spec's at first, and then what was decided when the attempt before failed. */
function placeOf(state: RunState, defaultRegion: string | null): Pick<MachineConfig, "guest" | "region"> {
  const { spec } = state.run;
  const next = currentAttempt(state)?.next;
  return next
    ? { guest: next.guest, region: next.region }
    : { guest: spec.machine, region: spec.regions[0] ?? defaultRegion };
}

/**
 * The files of an attempt's Machine: the spec's own and, where output is captured, the runner's.
 * @param secrets those that the run is given; null where it is given none
 * @param change the one that it is for; null where it is for none
 */
export function machineFiles(
  spec: RunSpec,
  name: string,
  secrets: MaskedSecrets | null = null,
  change: RunChange | null = null,
): SpecFile[] {
  if (spec.capture === "none") return spec.files;
  const steps = stepFiles(name, spec, change);
  // Behind a checkout a script is one of the steps.
  const script = steps.length > 0 ? null : spec.script;
  return [
    ...spec.files,
    ...runnerFiles(name, script),
    ...steps,
    ...(secrets ? secretFiles(name, secrets) : []),
  ];
}

function machineConfig(
  { id: runId, spec, job, firing, delivery, upstream }: Run,
  attempt: number,
  name: string,
  place: Pick<MachineConfig, "guest" | "region">,
): MachineConfig {
  return configOf(spec, name, place, {
    env: {
      MAYFLY_RUN_ID: runId,
      MAYFLY_ATTEMPT: String(attempt),
      ...(job !== null && jobEnvironment(job)),
      ...(firing !== null && firingEnvironment(firing)),
      ...(delivery !== null && deliveryEnvironment(delivery)),
      ...(upstream !== null && upstreamEnvironment(upstream)),
    },
    metadata: { [METADATA_RUN]: runId, [METADATA_ATTEMPT]: String(attempt) },
  });
}

/**
 * The Machine that Fly starts for a schedule, again and again: its environment can not tell of the run that a start becomes, as that
 * is accepted once the start is noticed.
 */
export function scheduledMachineConfig(
  spec: RunSpec,
  job: RunJob,
  schedule: string,
  name: string,
  defaultRegion: string | null,
): MachineConfig {
  const place = { guest: spec.machine, region: spec.regions[0] ?? defaultRegion };
  return configOf(spec, name, place, {
    env: { ...jobEnvironment(job), MAYFLY_SCHEDULE: schedule },
    metadata: { [METADATA_SCHEDULE]: `${job.name}/${schedule}` },
  });
}

/** What a start of a schedule's Machine is for the run that is made of it. */
export interface FlyStart {
  machineName: string;
  machineId: string;
  machineConfig: MachineConfig;
  app: string;
  region: string | null;
  /** By the Machine's events, and Fly's clock. */
  startedAt: number;
}

/** The events that make that start a fresh run's first attempt. */
export function attemptOfStart(start: FlyStart, nowMs: number): RunEvent[] {
  const { machineName: name, machineId, machineConfig: config, app, region, startedAt } = start;
  const attempt = 1;
  return [
    {
      type: "attempt_planned",
      at: nowMs,
      attempt,
      machineName: name,
      machineConfig: { ...config, startedByFlyAt: startedAt },
      app,
      launchAt: nowMs,
    },
    { type: "machine_created", at: nowMs, attempt, machineId, region, adopted: true },
    { type: "machine_started", at: Math.min(startedAt, nowMs), attempt },
  ];
}

/** @param own what the Machine has of variables and metadata besides what the spec says */
function configOf(
  spec: RunSpec,
  name: string,
  place: Pick<MachineConfig, "guest" | "region">,
  own: Pick<MachineConfig, "env" | "metadata">,
): MachineConfig {
  const { bootMs, runMs, stopMs } = spec.timeouts;
  const captured = spec.capture === "output";
  const { PATH: _path, ...env } = spec.env;
  const path = commandsPath(spec);
  const commandOf = () => {
    const steps = stepsCommand(name, spec);
    // Each step has its PATH for itself.
    if (steps !== null) return { command: steps, script: null };
    if (path === null) return { command: spec.command, script: spec.script };
    const command = jobCommand(name, spec.command, spec.script);
    return { command: withPath(path, runnerPath(name), command), script: null };
  };
  const capturedCommand = () => {
    const runner = runnerCommand({
      machineName: name,
      ...commandOf(),
      runMs,
      stopMs,
      lingerMs: RUNNER_LINGER_MS,
    });
    return hasSecrets(spec) ? withSecrets(name, bootMs, runner) : runner;
  };
  return {
    image: spec.image,
    ...place,
    env: { ...(path === null ? spec.env : env), ...own.env },
    exec: captured ? capturedCommand() : spec.command,
    stop: { signal: STOP_SIGNAL, timeoutMs: stopMs },
    metadata: own.metadata,
  };
}

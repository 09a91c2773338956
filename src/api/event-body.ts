/** Events in the API's words: the fields and times of every other answer. */

import type { RunUpstream } from "../core/chain/upstream.ts";
import type { MachineEvent } from "../core/machine.ts";
import { signalName } from "../core/signals.ts";
import type { NumberedEvent } from "../flow/ports.ts";
import type { EventBody } from "./event-schema.ts";
import { upstreamBody } from "./handover-body.ts";
import { endingBody, exitBody, nextAttemptBody, outputBody, rfc3339 } from "./run-body.ts";
import { queueBody } from "./waiting-body.ts";

export function eventBody({ seq, event }: NumberedEvent): EventBody {
  const at = rfc3339(event.at);
  switch (event.type) {
    case "accepted": {
      const { originId, job, firing, delivery, upstream } = event;
      const data = {
        ...(originId !== null && { rerun_of: originId }),
        ...(job && { job: { name: job.name, version: job.version } }),
        ...(firing && { firing: { schedule: firing.schedule, due_at: rfc3339(firing.dueAt) } }),
        ...(delivery && {
          delivery: { hook: delivery.hook, id: delivery.id, without_secrets: delivery.isWithoutSecrets },
        }),
        ...(upstream && { upstream: toldUpstream(upstream) }),
      };
      return { seq, at, type: event.type, attempt: null, data };
    }
    case "cancel_requested": {
      const data = event.supersededBy === undefined ? {} : { superseded_by: event.supersededBy };
      return { seq, at, type: event.type, attempt: null, data };
    }
    case "slot_awaited":
    case "slot_taken":
      return { seq, at, type: event.type, attempt: null, data: queueBody(event) };
    case "attempt_planned":
      return {
        seq,
        at,
        type: event.type,
        attempt: event.attempt,
        data: { machine_name: event.machineName, ...launchBody(event) },
      };
    case "launch_taken":
      return { seq, at, type: event.type, attempt: event.attempt, data: launchBody(event) };
    case "create_uncertain":
      return { seq, at, type: event.type, attempt: event.attempt, data: { error: event.error } };
    case "machine_created": {
      const { machineId, region, adopted } = event;
      const data = { machine_id: machineId, region, adopted };
      return { seq, at, type: event.type, attempt: event.attempt, data };
    }
    case "machine_ready":
      return { seq, at, type: event.type, attempt: event.attempt, data: {} };
    case "machine_started": {
      const data = event.imageReadyAt === undefined ? {} : { image_ready_at: rfc3339(event.imageReadyAt) };
      return { seq, at, type: event.type, attempt: event.attempt, data };
    }
    case "stop_requested":
      return { seq, at, type: event.type, attempt: event.attempt, data: {} };
    case "exited": {
      const data = { ...exitBody(event.exit), source: event.source };
      return { seq, at, type: event.type, attempt: event.attempt, data };
    }
    case "step_started": {
      const { step, startedAt, from } = event;
      const data = {
        step,
        started_at: rfc3339(startedAt),
        stdout_from: from.stdout,
        stderr_from: from.stderr,
      };
      return { seq, at, type: event.type, attempt: event.attempt, data };
    }
    case "step_ended": {
      const { step, startedAt, endedAt, exitCode, timedOut, from, to } = event;
      const data = {
        step,
        started_at: rfc3339(startedAt),
        ended_at: rfc3339(endedAt),
        exit_code: exitCode,
        timed_out: timedOut,
        stdout_from: from.stdout,
        stdout_to: to.stdout,
        stderr_from: from.stderr,
        stderr_to: to.stderr,
      };
      return { seq, at, type: event.type, attempt: event.attempt, data };
    }
    case "steps_skipped":
      return { seq, at, type: event.type, attempt: event.attempt, data: { steps: event.steps } };
    case "attempt_failed": {
      const { attempt, detail, output, next } = event;
      const told = { ...endingBody(event), detail, output: outputBody(output) };
      const data = { ...told, next: nextAttemptBody(attempt, next) };
      return { seq, at, type: event.type, attempt, data };
    }
    case "settled": {
      const { status, detail, output } = event;
      const data = { status, ...endingBody(event), detail, output: outputBody(output) };
      return { seq, at, type: event.type, attempt: null, data };
    }
    case "machine_released": {
      const data = { events: event.events.map(machineEventBody) };
      return { seq, at, type: event.type, attempt: event.attempt, data };
    }
  }
}

function launchBody({ app, launchAt }: { app: string | null; launchAt: number }) {
  return { app, launch_at: rfc3339(launchAt) };
}

type MachineEventBody = Extract<EventBody, { type: "machine_released" }>["data"]["events"][number];

function machineEventBody({ type, status, source, at, exit }: MachineEvent): MachineEventBody {
  return {
    type,
    status,
    source,
    at: rfc3339(at),
    exit: exit && {
      exit_code: exit.code,
      // A signal that has no name here is told by its number.
      signal: exit.signal === null ? null : (signalName(exit.signal) ?? `SIG${exit.signal}`),
      oom_killed: exit.oomKilled,
      requested_stop: exit.requestedStop,
      exited_at: exit.at === null ? null : rfc3339(exit.at),
    },
  };
}

/** Without what the chain builds, which stands in the run. */
function toldUpstream(upstream: RunUpstream) {
  const { change: _change, ...told } = upstreamBody(upstream);
  return told;
}

/** Factories of states that can exist: each is reached by folding events, so no test starts from an impossible row. */

import type { RunEvent } from "../../src/core/event.ts";
import type { RunChange } from "../../src/core/hook/run-delivery.ts";
import { newRunId } from "../../src/core/id.ts";
import type { RunJob } from "../../src/core/job.ts";
import { acceptRun, applyEvent } from "../../src/core/lifecycle.ts";
import type { Launch } from "../../src/core/pace.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { DEFAULT_RETRY } from "../../src/core/retry.ts";
import type { RunState } from "../../src/core/run.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { pendingQueues } from "../../src/core/turn.ts";

export const T0 = Date.UTC(2026, 10, 21, 10, 0, 0);

export function aSpec(change: Partial<RunSpec> = {}): RunSpec {
  return {
    image: "debian:12",
    command: ["echo", "hi"],
    script: null,
    checkout: null,
    steps: [],
    env: {},
    secrets: {},
    files: [],
    machine: { cpuKind: "shared", cpus: 1, memoryMb: 256 },
    regions: [],
    timeouts: { queueMs: 3_600_000, bootMs: 120_000, runMs: 900_000, stopMs: 10_000 },
    retry: DEFAULT_RETRY,
    capture: "output",
    name: null,
    tags: {},
    concurrency: null,
    priority: 0,
    expiresMs: 86_400_000,
    delayMs: 0,
    runAt: null,
    ...change,
  };
}

let made = 0;

/** An id that no other run of this test process has. */
export function aRunId(at: number = T0): string {
  made += 1;
  return newRunId(
    at,
    Uint8Array.from({ length: 16 }, (_, index) => (index < 8 ? (made >> (index * 4)) & 15 : index * 7)),
  );
}

/** A state with the events that led to it. */
export interface Story {
  state: RunState;
  events: RunEvent[];
}

/** A queued run. */
export function aQueuedRun(
  spec: Partial<RunSpec> = {},
  at: number = T0,
  originId: string | null = null,
  job: RunJob | null = null,
): Story {
  const accepted: RunEvent = { type: "accepted", at, spec: aSpec(spec), originId, ...(job && { job }) };
  return { state: acceptRun(aRunId(at), "default", accepted), events: [accepted] };
}

/** A push of "Mend the gate" to the branch main of acme/site, by ada. */
export function aChange(change: Partial<RunChange> = {}): RunChange {
  return {
    kind: "push",
    repository: { url: "https://github.com/acme/site", fullName: "acme/site", isPrivate: false },
    ref: "refs/heads/main",
    branch: "main",
    tag: null,
    sha: "72d3162ecc",
    before: null,
    message: "Mend the gate\n\nIt was open.",
    author: "ada",
    pullRequest: null,
    ...change,
  };
}

/** A run of the job "build" for a hook's delivery of a change, or one of "deploy" that has followed such a run. */
export function aBuild(change: RunChange, at: number = T0, isFollowing = false): Story {
  const delivery = { hook: "github", id: aRunId(at), source: "github", event: "push", change } as const;
  const upstream = {
    runId: aRunId(at),
    job: "build",
    outcome: "succeeded",
    reason: null,
    exitCode: 0,
  } as const;
  const built = isFollowing
    ? { upstream: { ...upstream, change, isWithoutSecrets: false, chain: null } }
    : { delivery: { ...delivery, isWithoutSecrets: false } };
  const job = { name: isFollowing ? "deploy" : "build", version: 1, input: "{}" };
  const accepted: RunEvent = { type: "accepted", at, spec: aSpec(), originId: null, job, ...built };
  return { state: acceptRun(aRunId(at), "default", accepted), events: [accepted] };
}

/** A run that was accepted ahead of its time, with its first attempt planned. */
export function aRunAhead(startsAt: number, spec: Partial<RunSpec> = {}): Story {
  const ahead = { startsAt, revision: 1 };
  const firing = { schedule: "s", dueAt: startsAt, overlap: "allow" as const, isCaughtUp: false, ahead };
  const job = { name: "j", version: 1, input: "{}" };
  const accepted = { type: "accepted" as const, at: T0, spec: aSpec(spec), originId: null, job, firing };
  const queued = { state: acceptRun(aRunId(T0), "default", accepted), events: [accepted] };
  return followedBy(queued, planAttempt(queued.state, null, T0));
}

/** Goes on from a story; throws where an event can not follow. */
export function followedBy(story: Story, ...events: RunEvent[]): Story {
  return events.reduce<Story>((before, event) => {
    const state = applyEvent(before.state, event);
    if (state === null) throw new Error(`${event.type} can not follow in a ${before.state.run.status} run`);
    return { state, events: [...before.events, event] };
  }, story);
}

/**
 * A run with its first attempt planned, and with a slot of its key where it has one.
 * @param launch where and when its machine is asked for; at once unless told otherwise
 */
export function aStartingRun(spec: Partial<RunSpec> = {}, launch?: Launch): Story {
  const queued = aQueuedRun(spec);
  const slots = pendingQueues(queued.state.run, null).map(({ queue, limit }) => {
    return { type: "slot_taken" as const, at: T0, queue, limit };
  });
  return followedBy(queued, ...slots, planAttempt(queued.state, null, T0, launch));
}

export function aBootingRun(spec: Partial<RunSpec> = {}): Story {
  return followedBy(aStartingRun(spec), {
    type: "machine_created",
    at: T0 + 10,
    attempt: 1,
    machineId: "1857156b526dd8",
    region: "ams",
    adopted: false,
  });
}

export function aRunningRun(spec: Partial<RunSpec> = {}): Story {
  return followedBy(aBootingRun(spec), { type: "machine_started", at: T0 + 1000, attempt: 1 });
}

export function aSucceededRun(spec: Partial<RunSpec> = {}): Story {
  const exit = { code: 0, signal: null, oomKilled: false };
  const output = { stdoutBytes: 3, stderrBytes: 0, droppedBytes: 0, complete: true };
  return followedBy(
    aRunningRun(spec),
    { type: "exited", at: T0 + 2000, attempt: 1, exit, source: "runner" },
    {
      type: "settled",
      at: T0 + 2000,
      status: "succeeded",
      reason: null,
      limit: null,
      detail: null,
      exit,
      output,
    },
  );
}

/** A run that is over for a retry: its first attempt failed, and the second is due a minute later. */
export function aRetryingRun(spec: Partial<RunSpec> = {}): Story {
  return followedBy(aRunningRun(spec), {
    type: "attempt_failed",
    at: T0 + 2000,
    attempt: 1,
    reason: "exit_code",
    limit: null,
    detail: "the command exited with 1",
    exit: { code: 1, signal: null, oomKilled: false },
    output: { stdoutBytes: 3, stderrBytes: 2, droppedBytes: 0, complete: true },
    next: { at: T0 + 62_000, guest: { cpuKind: "shared", cpus: 1, memoryMb: 512 }, region: "fra" },
  });
}

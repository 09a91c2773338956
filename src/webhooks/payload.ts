/**
 * What a subscriber is told of a fact, as Standard Webhooks has it: type, timestamp and data. All of it is as it was with the fact, whenever
 * it is told: a run that is over by then was not with its start.
 */

import type { RunUpstream } from "../core/chain/upstream.ts";
import type { ChangeKind } from "../core/hook/change.ts";
import type { RunChange, RunDelivery } from "../core/hook/run-delivery.ts";
import { NOTIFICATION_DETAIL_MAX_CHARS } from "../core/limits.ts";
import type { AlertFact, Fact, RunFact } from "../core/notification/fact.ts";
import { rfc3339 } from "../core/rfc3339.ts";
import type { Exit, FinalStatus, RunStatus } from "../core/run.ts";
import type { NotificationType } from "../core/webhook/event-types.ts";

export interface Payload {
  type: NotificationType;
  /** When it happened, RFC 3339. */
  timestamp: string;
  data: { run: RunPayload } | { alert: AlertPayload } | { webhook: { id: string } };
}

export interface RunPayload {
  id: string;
  name: string | null;
  tags: Record<string, string>;
  status: RunStatus;
  reason: string | null;
  limit: string | null;
  detail: string | null;
  exit_code: number | null;
  signal: string | null;
  oom_killed: boolean;
  /** The number of the attempt that started or failed; null of an event of the run itself. */
  attempt: number | null;
  next_attempt: { number: number; at: string } | null;
  image: string;
  job: { name: string; version: number } | null;
  firing: { schedule: string; due_at: string } | null;
  /** The call of a hook that it is for; null of every other run. */
  delivery: DeliveryPayload | null;
  /** The run after which it was started; null of every other. */
  upstream: UpstreamPayload | null;
  rerun_of: string | null;
  output: { stdout_bytes: number; stderr_bytes: number; dropped_bytes: number; complete: boolean } | null;
  accepted_at: string;
  started_at: string | null;
  settled_at: string | null;
  /** Its page; null where PUBLIC_URL is not set. */
  url: string | null;
}

/** In the words that the API has for it. */
export interface DeliveryPayload {
  hook: string;
  /** The sender's own. */
  id: string;
  event: string;
  /** What it is to build; null where the delivery is not about code. */
  change: ChangePayload | null;
}

/** Likewise. */
export interface UpstreamPayload {
  run_id: string;
  job: string;
  outcome: FinalStatus;
  /** What both build; null where no hook was called. */
  change: ChangePayload | null;
}

export interface ChangePayload {
  kind: ChangeKind;
  repository: { url: string; full_name: string };
  ref: string;
  branch: string | null;
  tag: string | null;
  sha: string | null;
  author: string | null;
  pull_request: { number: number; title: string } | null;
}

export interface AlertPayload {
  type: string;
  job: string | null;
  schedule: string | null;
  hook: string | null;
  webhook: string | null;
  due_at: string;
  at: string;
  run_id: string | null;
  detail: string;
  url: string | null;
}

/** @param publicUrl where browsers find this Mayfly, without a slash at its end; null where nobody knows */
export function payloadOf(type: NotificationType, fact: Fact, publicUrl: string | null): Payload {
  const at = fact.kind === "run" ? fact.event.at : fact.alert.at;
  const data =
    fact.kind === "run" ? { run: runPayload(fact, publicUrl) } : { alert: alertPayload(fact, publicUrl) };
  return { type, timestamp: rfc3339(at), data };
}

function runPayload({ run, event }: RunFact, publicUrl: string | null): RunPayload {
  const ending = "exit" in event ? event : null;
  const exit: Exit | null = ending?.exit ?? null;
  const output = event.type === "settled" ? event.output : null;
  const startedAt = event.type === "machine_started" ? event.at : run.startedAt;
  return {
    id: run.id,
    name: run.name,
    tags: run.tags,
    status: statusAfter(event),
    reason: ending?.reason ?? null,
    limit: ending?.limit ?? null,
    detail: ending?.detail?.slice(0, NOTIFICATION_DETAIL_MAX_CHARS) ?? null,
    exit_code: exit?.code ?? null,
    signal: exit?.signal ?? null,
    oom_killed: exit?.oomKilled ?? false,
    attempt: "attempt" in event ? event.attempt : null,
    next_attempt:
      event.type === "attempt_failed" ? { number: event.attempt + 1, at: rfc3339(event.next.at) } : null,
    image: run.image,
    job: run.job,
    firing: run.firing && { schedule: run.firing.schedule, due_at: rfc3339(run.firing.dueAt) },
    delivery: run.delivery && deliveryPayload(run.delivery),
    upstream: run.upstream && upstreamPayload(run.upstream),
    rerun_of: run.originId,
    output: output && {
      stdout_bytes: output.stdoutBytes,
      stderr_bytes: output.stderrBytes,
      dropped_bytes: output.droppedBytes,
      complete: output.complete,
    },
    accepted_at: rfc3339(run.acceptedAt),
    started_at: startedAt === null ? null : rfc3339(startedAt),
    settled_at: event.type === "settled" ? rfc3339(event.at) : null,
    url: publicUrl && `${publicUrl}/runs/${run.id}`,
  };
}

function deliveryPayload({ hook, id, event, change }: RunDelivery): DeliveryPayload {
  return { hook, id, event, change: change && changePayload(change) };
}

function upstreamPayload({ runId: run_id, job, outcome, change }: RunUpstream): UpstreamPayload {
  return { run_id, job, outcome, change: change && changePayload(change) };
}

function changePayload(change: RunChange): ChangePayload {
  const { kind, repository, ref, branch, tag, sha, author, pullRequest } = change;
  const pull_request = pullRequest && { number: pullRequest.number, title: pullRequest.title };
  const { url, fullName: full_name } = repository;
  return { kind, repository: { url, full_name }, ref, branch, tag, sha, author, pull_request };
}

function statusAfter(event: RunFact["event"]): RunStatus {
  switch (event.type) {
    case "accepted":
      return "queued";
    case "machine_started":
      return "running";
    case "attempt_failed":
      return "retrying";
    case "settled":
      return event.status;
  }
}

function alertPayload({ alert }: AlertFact, publicUrl: string | null): AlertPayload {
  return {
    type: alert.type,
    job: alert.job,
    schedule: alert.schedule,
    hook: alert.hook,
    webhook: alert.webhook,
    due_at: rfc3339(alert.dueAt),
    at: rfc3339(alert.at),
    run_id: alert.runId,
    detail: alert.detail,
    url: publicUrl && `${publicUrl}/alerts`,
  };
}

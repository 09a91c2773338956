/** Mayfly's HTTP API as typed calls. Every failure is an `ApiError` or an `Unreachable`. */

import type { AlertListBody } from "../api/alert-schema.ts";
import type {
  DeliveryBody,
  DeliveryListBody,
  HookListBody,
  HookTrial,
  ReceiptBody,
  StoredHookBody,
  TriedBody,
} from "../api/delivery-schema.ts";
import type {
  BackfillBody,
  FiringBody,
  FiringListBody,
  NextDueBody,
  ScheduleListBody,
  StoredScheduleBody,
} from "../api/firing-schema.ts";
import type {
  ChangedJobBody,
  JobBody,
  JobDiffBody,
  JobListBody,
  JobVersionBody,
  ShownJobBody,
  VersionListBody,
} from "../api/job-schema.ts";
import type { MachineListBody } from "../api/machine-schema.ts";
import type { ReportBody, ReportListBody } from "../api/report-ledger-schema.ts";
import type { CancelledBody } from "../api/routes/cancel-all.ts";
import type {
  EventListBody,
  OutputEnd,
  OutputLine,
  OutputStep,
  RunBody,
  RunListBody,
} from "../api/run-schema.ts";
import type { SecretBody, SecretListBody } from "../api/secret-schema.ts";
import type { RunSpecInput } from "../api/spec-schema.ts";
import type {
  NewWebhookBody,
  NotificationBody,
  NotificationListBody,
  ShownWebhookBody,
  WebhookChangeBody,
  WebhookListBody,
  WebhookWithSecretBody,
} from "../api/webhook-schema.ts";
import type { JobDefinition } from "../core/job.ts";
import { WATCH_HEARTBEAT_MS } from "../core/limits.ts";
import type { Stream } from "../core/output.ts";
import { ApiError, apiErrorOf, Unreachable } from "./api-error.ts";
import { UsageError } from "./cli-error.ts";
import type { Connection } from "./connection.ts";
import { readEvents } from "./event-stream.ts";
import { readLines } from "./lines.ts";

/** For an answer to begin. Following is not under it: there the heartbeat is. */
const ANSWER_TIMEOUT_MS = 30_000;
/** For a cancel's, which somebody waits for who pressed Ctrl-C, and which is safe to repeat. */
const CANCEL_TIMEOUT_MS = 5_000;
/** A followed stream is dead when three heartbeats in a row did not come. */
const SILENCE_MAX_MS = 3 * WATCH_HEARTBEAT_MS;

/**
 * One message of a followed run. `open` comes first; the `id` of an output is where to resume after it; `resume` comes last
 * where this connection has carried its share and another is to go on. A `step` tells how one stands by now, and comes again on another connection.
 */
export type OutputMessage =
  | { kind: "open" }
  | { kind: "resume" }
  | { kind: "output"; id: string; line: OutputLine }
  | { kind: "step"; step: OutputStep }
  | { kind: "end"; end: OutputEnd };

/** A part of a run's output: what one step wrote. */
export interface OutputSection {
  step?: string;
  attempt?: string;
}

/** Filters of a list, as the API spells them. */
export interface ListQuery {
  status?: string;
  tag?: string;
  job?: string;
  commit?: string;
  branch?: string;
  since?: string;
  until?: string;
  limit?: number;
  cursor?: string;
}

export interface CancelFilter {
  status?: string[];
  tag?: string;
  job?: string;
  since?: string;
  until?: string;
  cursor?: string;
}

/** What a run of a job is given, and what it does otherwise. */
export interface JobOrder {
  input?: unknown;
  overrides?: Partial<RunSpecInput>;
}

interface Call {
  query?: object;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Answers of unknown length end when they end. */
  unbounded?: boolean;
}

export class Client {
  readonly url: string;
  /** What reaches the same Mayfly from a command line, for messages. */
  readonly command: string;
  readonly #token: string;

  constructor({ url, token }: Connection, command = "mayfly") {
    this.url = url;
    this.command = command;
    this.#token = token;
  }

  /** Submits a run. The key makes it safe to submit again when the answer got lost. */
  submit(spec: RunSpecInput, idempotencyKey: string, signal?: AbortSignal): Promise<RunBody> {
    return this.#json("POST", "/v1/runs", {
      body: spec,
      headers: { "idempotency-key": idempotencyKey },
      signal,
    });
  }

  /** Orders a run once more, with changes. The key makes it safe to ask again. */
  rerun(runId: string, changes: Partial<RunSpecInput>, idempotencyKey: string): Promise<RunBody> {
    const headers = { "idempotency-key": idempotencyKey };
    return this.#json("POST", `${runPath(runId)}/rerun`, { body: changes, headers });
  }

  show(runId: string, signal?: AbortSignal): Promise<RunBody> {
    return this.#json("GET", runPath(runId), { signal });
  }

  list(query: ListQuery): Promise<RunListBody> {
    return this.#json("GET", "/v1/runs", { query });
  }

  events(runId: string, after: number): Promise<EventListBody> {
    return this.#json("GET", `${runPath(runId)}/events`, { query: { after } });
  }

  cancel(runId: string, signal?: AbortSignal): Promise<RunBody> {
    return this.#json("POST", `${runPath(runId)}/cancel`, { signal, timeoutMs: CANCEL_TIMEOUT_MS });
  }

  /** Asks runs that fit to end, a page of them. */
  cancelAll(filter: CancelFilter): Promise<CancelledBody> {
    return this.#json("POST", "/v1/runs/cancel", { body: filter });
  }

  jobs(query: { limit?: number; cursor?: string }): Promise<JobListBody> {
    return this.#json("GET", "/v1/jobs", { query });
  }

  job(name: string): Promise<ShownJobBody> {
    return this.#json("GET", jobPath(name));
  }

  /** Defines a job. Safe to repeat but for `expectedVersion`, 0 for no such job: with it the second one finds the version changed. */
  putJob(name: string, definition: JobDefinition, expectedVersion: number): Promise<ChangedJobBody> {
    const query = { expected_version: expectedVersion };
    return this.#json("PUT", jobPath(name), { body: definition, query });
  }

  /** Versions of a job, newest first, also of one that was deleted. */
  jobVersions(name: string, query: { limit?: number; cursor?: string }): Promise<VersionListBody> {
    return this.#json("GET", `${jobPath(name)}/versions`, { query });
  }

  jobVersion(name: string, version: number): Promise<JobVersionBody> {
    return this.#json("GET", `${jobPath(name)}/versions/${version}`);
  }

  /** What is different between two versions: unless told otherwise the one in force and the one before. */
  jobDiff(name: string, query: { from?: number; to?: number }): Promise<JobDiffBody> {
    return this.#json("GET", `${jobPath(name)}/diff`, { query });
  }

  /** Puts an earlier version into force again. Safe to repeat: what is in force makes no version. */
  rollbackJob(name: string, version: number): Promise<ChangedJobBody> {
    return this.#json("POST", `${jobPath(name)}/rollback`, { body: { version } });
  }

  pauseJob(name: string): Promise<JobBody> {
    return this.#json("POST", `${jobPath(name)}/pause`);
  }

  resumeJob(name: string): Promise<JobBody> {
    return this.#json("POST", `${jobPath(name)}/resume`);
  }

  /** @param expectedVersion null to delete whatever is in force */
  async deleteJob(name: string, expectedVersion: number | null = null): Promise<void> {
    const query = expectedVersion === null ? {} : { expected_version: expectedVersion };
    await this.#request("DELETE", jobPath(name), { query });
  }

  /** Runs a job. The key makes it safe to ask again when the answer got lost. */
  async runJob(
    name: string,
    order: JobOrder,
    idempotencyKey: string,
    signal?: AbortSignal,
  ): Promise<{ run: RunBody; pausedAt: string | null }> {
    const call = { body: order, headers: { "idempotency-key": idempotencyKey }, signal };
    const { body, headers } = await this.#answer<RunBody>("POST", `${jobPath(name)}/runs`, call);
    return { run: body, pausedAt: headers.get("mayfly-job-paused") };
  }

  /** A page of alerts, newest first. */
  alerts(query: { job?: string; type?: string; since?: string; limit?: number }): Promise<AlertListBody> {
    return this.#json("GET", "/v1/alerts", { query });
  }

  /** A page of schedules, by job and name. */
  schedules(query: { job?: string; limit?: number; cursor?: string }): Promise<ScheduleListBody> {
    return this.#json("GET", "/v1/schedules", { query });
  }

  nextDue(job: string, name: string, count: number): Promise<NextDueBody> {
    return this.#json("GET", `${schedulePath(job, name)}/next`, { query: { count } });
  }

  /** A page of a schedule's ledger, newest first. */
  firings(
    job: string,
    name: string,
    query: { outcome?: string; limit?: number; cursor?: string },
  ): Promise<FiringListBody> {
    return this.#json("GET", `${schedulePath(job, name)}/firings`, { query });
  }

  /** Runs a schedule now. The key makes it safe to ask again. */
  runSchedule(job: string, name: string, idempotencyKey: string): Promise<FiringBody> {
    const headers = { "idempotency-key": idempotencyKey };
    return this.#json("POST", `${schedulePath(job, name)}/run`, { headers });
  }

  pauseSchedule(job: string, name: string): Promise<StoredScheduleBody> {
    return this.#json("POST", `${schedulePath(job, name)}/pause`);
  }

  resumeSchedule(job: string, name: string): Promise<StoredScheduleBody> {
    return this.#json("POST", `${schedulePath(job, name)}/resume`);
  }

  /** Safe to repeat: what has its run is left alone. */
  backfill(
    job: string,
    name: string,
    order: { from: string; to: string; preview: boolean },
  ): Promise<BackfillBody> {
    return this.#json("POST", `${schedulePath(job, name)}/backfill`, { body: order });
  }

  /** A page of hooks, by job and name. */
  hooks(query: { job?: string; limit?: number; cursor?: string }): Promise<HookListBody> {
    return this.#json("GET", "/v1/hooks", { query });
  }

  /** A page of a hook's ledger, newest first. */
  deliveries(
    job: string,
    name: string,
    query: { verdict?: string; run?: string; text?: string; limit?: number; cursor?: string },
  ): Promise<DeliveryListBody> {
    return this.#json("GET", `${hookPath(job, name)}/deliveries`, { query });
  }

  delivery(job: string, name: string, id: string): Promise<DeliveryBody> {
    return this.#json("GET", deliveryPath(job, name, id));
  }

  resendDelivery(job: string, name: string, id: string, idempotencyKey: string): Promise<ReceiptBody> {
    const headers = { "idempotency-key": idempotencyKey };
    return this.#json("POST", `${deliveryPath(job, name, id)}/resend`, { headers });
  }

  tryHook(job: string, name: string, rules: HookTrial): Promise<TriedBody> {
    return this.#json("POST", `${hookPath(job, name)}/try`, { body: rules });
  }

  /** A page of what a hook's runs have reported on their commits, newest first. */
  reports(
    job: string,
    name: string,
    query: { state?: string; run?: string; limit?: number; cursor?: string },
  ): Promise<ReportListBody> {
    return this.#json("GET", `${hookPath(job, name)}/reports`, { query });
  }

  report(job: string, name: string, id: string): Promise<ReportBody> {
    return this.#json("GET", reportPath(job, name, id));
  }

  /** Safe to repeat: what is on its way stays so. */
  resendReport(job: string, name: string, id: string): Promise<ReportBody> {
    return this.#json("POST", `${reportPath(job, name, id)}/resend`);
  }

  rotateHook(job: string, name: string): Promise<StoredHookBody> {
    return this.#json("POST", `${hookPath(job, name)}/rotate`);
  }

  /** A page of the machines that there are now. */
  machines(query: { known?: string; limit?: number; cursor?: string }): Promise<MachineListBody> {
    return this.#json("GET", "/v1/machines", { query });
  }

  /** Sets a secret. Safe to repeat: it only counts the version up. */
  setSecret(name: string, value: string): Promise<SecretBody> {
    return this.#json("PUT", `/v1/secrets/${segment(name)}`, { body: { value } });
  }

  secrets(): Promise<SecretListBody> {
    return this.#json("GET", "/v1/secrets");
  }

  async removeSecret(name: string): Promise<void> {
    await this.#request("DELETE", `/v1/secrets/${segment(name)}`, {});
  }

  webhooks(): Promise<WebhookListBody> {
    return this.#json("GET", "/v1/webhooks");
  }

  webhook(id: string): Promise<ShownWebhookBody> {
    return this.#json("GET", webhookPath(id));
  }

  /** Not safe to repeat: each call makes one. */
  createWebhook(webhook: NewWebhookBody): Promise<WebhookWithSecretBody> {
    return this.#json("POST", "/v1/webhooks", { body: webhook });
  }

  changeWebhook(id: string, change: WebhookChangeBody): Promise<ShownWebhookBody> {
    return this.#json("PATCH", webhookPath(id), { body: change });
  }

  async deleteWebhook(id: string): Promise<void> {
    await this.#request("DELETE", webhookPath(id), {});
  }

  disableWebhook(id: string): Promise<ShownWebhookBody> {
    return this.#json("POST", `${webhookPath(id)}/disable`);
  }

  enableWebhook(id: string): Promise<ShownWebhookBody> {
    return this.#json("POST", `${webhookPath(id)}/enable`);
  }

  rotateWebhook(id: string): Promise<WebhookWithSecretBody> {
    return this.#json("POST", `${webhookPath(id)}/rotate`);
  }

  testWebhook(id: string): Promise<NotificationBody> {
    return this.#json("POST", `${webhookPath(id)}/test`);
  }

  /** A page of what a webhook was told, newest first. */
  notifications(
    id: string,
    query: { state?: string; type?: string; run?: string; limit?: number; cursor?: string },
  ): Promise<NotificationListBody> {
    return this.#json("GET", `${webhookPath(id)}/notifications`, { query });
  }

  notification(id: string, notification: string): Promise<NotificationBody> {
    return this.#json("GET", `${webhookPath(id)}/notifications/${segment(notification)}`);
  }

  resendNotification(id: string, notification: string): Promise<NotificationBody> {
    return this.#json("POST", `${webhookPath(id)}/notifications/${segment(notification)}/resend`);
  }

  /** A link that signs a browser in. */
  signInLink(): Promise<{ url: string; expires_at: string }> {
    return this.#json("POST", "/v1/sign-in-links");
  }

  /** The stored bytes of one stream. */
  async output(
    runId: string,
    stream: Stream,
    section: OutputSection = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const query = { stream, ...section };
    return bodyOf(await this.#request("GET", `${runPath(runId)}/output`, { query, unbounded: true }));
  }

  /** The stored output of both streams, in the order it was fetched. */
  async *outputLines(runId: string, section: OutputSection = {}): AsyncGenerator<OutputLine> {
    const query = { ...section };
    const response = await this.#request("GET", `${runPath(runId)}/output`, { query, unbounded: true });
    for await (const line of readLines(bodyOf(response))) yield JSON.parse(line) as OutputLine;
  }

  /** One connection's worth of a run's output; it may break off before the end. `follow.ts` puts several together. */
  async *follow(runId: string, after: string | null, signal?: AbortSignal): AsyncGenerator<OutputMessage> {
    const headers = { accept: "text/event-stream", ...(after === null ? {} : { "last-event-id": after }) };
    const response = await this.#request("GET", `${runPath(runId)}/output`, {
      headers,
      signal,
      unbounded: true,
    });
    yield { kind: "open" };
    for await (const message of readEvents(bodyOf(response), SILENCE_MAX_MS)) {
      if (message.event === "end") yield { kind: "end", end: JSON.parse(message.data) as OutputEnd };
      else if (message.event === "resume") return yield { kind: "resume" };
      else if (message.event === "step") yield { kind: "step", step: JSON.parse(message.data) as OutputStep };
      else if (message.event === "output" && message.id !== undefined)
        yield { kind: "output", id: message.id, line: JSON.parse(message.data) as OutputLine };
    }
  }

  async #json<T>(method: string, path: string, call: Call = {}): Promise<T> {
    return (await this.#answer<T>(method, path, call)).body;
  }

  async #answer<T>(method: string, path: string, call: Call): Promise<{ body: T; headers: Headers }> {
    const response = await this.#request(method, path, call);
    try {
      return { body: (await response.json()) as T, headers: response.headers };
    } catch (error) {
      if (call.signal?.aborted) throw error;
      if (error instanceof SyntaxError) throw new ApiError(`${method} ${path}`, response.status, null);
      throw new Unreachable(this.url, error);
    }
  }

  async #request(method: string, path: string, call: Call): Promise<Response> {
    const { query = {}, headers = {}, body, signal, timeoutMs = ANSWER_TIMEOUT_MS, unbounded } = call;
    const url = new URL(`${this.url}${path}`);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    // With `unbounded` the clock stops once the answer has begun.
    const clock = new AbortController();
    const timer = setTimeout(() => clock.abort(new DOMException("", "TimeoutError")), timeoutMs);
    const response = await fetch(url, {
      method,
      headers: {
        ...headers,
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, clock.signal]) : clock.signal,
    })
      .catch((error: unknown) => {
        throw signal?.aborted ? error : new Unreachable(this.url, error);
      })
      .finally(() => unbounded && clearTimeout(timer));
    timer.unref();
    if (!response.ok) throw await apiErrorOf(`${method} ${path}`, response);
    return response;
  }
}

/**
 * An id or a name as a part of a path. Every path is made with it: a URL takes out what is nothing, "." or "..", and would lead elsewhere,
 * as `/v1/runs/./cancel` does to all runs.
 * @throws UsageError
 */
function segment(text: string): string {
  if (["", ".", ".."].includes(text)) throw new UsageError(`"${text}" is no id or name`);
  return encodeURIComponent(text);
}

function jobPath(name: string): string {
  return `/v1/jobs/${segment(name)}`;
}

function schedulePath(job: string, name: string): string {
  return `/v1/schedules/${segment(job)}/${segment(name)}`;
}

function hookPath(job: string, name: string): string {
  return `${jobPath(job)}/hooks/${segment(name)}`;
}

function deliveryPath(job: string, name: string, id: string): string {
  return `${hookPath(job, name)}/deliveries/${segment(id)}`;
}

function reportPath(job: string, name: string, id: string): string {
  return `${hookPath(job, name)}/reports/${segment(id)}`;
}

function webhookPath(id: string): string {
  return `/v1/webhooks/${segment(id)}`;
}

function runPath(runId: string): string {
  return `/v1/runs/${segment(runId)}`;
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  return response.body ?? new ReadableStream({ start: (controller) => controller.close() });
}

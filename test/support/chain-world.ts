/** Chains on a real database: jobs that are put, runs that end by a test's word, and deaths at any step of whoever starts what follows. */

import { env } from "cloudflare:workers";
import { handOverPortsOf } from "../../src/api/chained-order.ts";
import type { RunEvent } from "../../src/core/event.ts";
import type { RunChange, RunDelivery } from "../../src/core/hook/run-delivery.ts";
import type { JobDefinition } from "../../src/core/job.ts";
import { acceptRun } from "../../src/core/lifecycle.ts";
import { planAttempt } from "../../src/core/plan.ts";
import type { CancelReason, Reason, RunState } from "../../src/core/run.ts";
import { d1Alerts } from "../../src/d1/alert-store.ts";
import { d1Handovers } from "../../src/d1/handover-store.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { type HandOverPorts, handOver } from "../../src/flow/hand-over.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { Drivers } from "../../src/flow/ports.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aRunId, aSpec, followedBy, T0 } from "./a-run.ts";

const TABLES = ["jobs", "job_versions", "job_links", "handovers", "runs", "run_events", "attempts", "alerts"];

/** How a run ends: null well, a number with that exit code, or cancelled. */
export type End = null | number | CancelReason;

export class ChainWorld {
  now = T0;
  /** Whom the store has called. */
  readonly called: string[] = [];
  /** What was put off, with a time of its own. */
  readonly putOff: string[] = [];
  /** Which runs' drivers were started. */
  readonly driven: string[] = [];
  readonly #database: D1Database;

  constructor(database: D1Database = env.DB) {
    this.#database = database;
  }

  async clear(): Promise<void> {
    await env.DB.batch(TABLES.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  }

  /** @param database by which all is asked; the world's own unless told otherwise */
  ports(database: D1Database = this.#database): HandOverPorts {
    const store = d1Store(database, (notifier) => void this.called.push(notifier));
    const { notifiers: _notifiers, ...all } = apiPorts(env);
    return handOverPortsOf({
      ...all,
      store,
      jobs: d1Jobs(database),
      handovers: d1Handovers(database),
      launches: launchesOver(store, { apps: ["mayfly-tests"], perSecond: 0 }),
      drivers: {
        start: async ({ run }: RunState) => void this.driven.push(run.id),
      } as unknown as Drivers,
      clock: { now: () => this.now },
      ids: { ...all.ids, runId: (nowMs) => aRunId(nowMs) },
      notifiers: { wake: async (name) => void this.called.push(name) },
    });
  }

  async put(name: string, on: JobDefinition["on"], more: Partial<JobDefinition> = {}): Promise<void> {
    const jobs = d1Jobs(this.#database);
    const seen = (await jobs.find("default", name))?.job ?? null;
    const definition = { run: { image: "debian:12", command: ["true"] }, ...(on && { on }), ...more };
    const next = { version: (seen?.version ?? 0) + 1, definition, createdAt: this.now };
    if ((await jobs.put("default", name, seen, { ...next, change: { kind: "put" } })) === null)
      throw new Error(`${name} was changed by another`);
  }

  /**
   * A run of a job from its beginning to its end.
   * @param of `change` is what it builds; null for what a comment on a pull request started
   * @returns its id
   */
  async ends(
    job: string,
    end: End = null,
    { change, retried = false }: { change?: RunChange | null; retried?: boolean } = {},
  ): Promise<string> {
    const accepted: RunEvent = {
      type: "accepted",
      at: this.now,
      spec: aSpec(),
      originId: null,
      job: { name: job, version: 1, input: "{}" },
      ...(change !== undefined && { delivery: change === null ? A_COMMENT : deliveryOf(change) }),
    };
    const state = acceptRun(aRunId(this.now), "default", accepted);
    const store = d1Store(this.#database, (notifier) => void this.called.push(notifier));
    await store.accept(state, [accepted], null);
    await this.#finish(state, end, retried);
    return state.run.id;
  }

  /** Ends a run that is there. */
  async finish(runId: string, end: End = null): Promise<void> {
    const state = await d1Store(this.#database).load(runId);
    if (state === null) throw new Error(`there is no run ${runId}`);
    await this.#finish(state, end, false);
  }

  async #finish(state: RunState, end: End, retried: boolean): Promise<void> {
    const at = this.now;
    const attempt = retried ? 2 : 1;
    const story = state.attempts.length > 0 ? [] : [planAttempt(state, null, at)];
    const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
    const exit = { code: typeof end === "number" ? end : 0, signal: null, oomKilled: false };
    let next = followedBy({ state, events: [] }, ...story, ...started(at, 1));
    if (retried) {
      const guest = { cpuKind: "shared" as const, cpus: 1, memoryMb: 256 };
      next = followedBy(next, {
        ...{ type: "attempt_failed", at, attempt: 1, reason: "exit_code", limit: null, detail: null },
        ...{ exit: { ...exit, code: 9 }, output, next: { at, guest, region: null } },
      });
      next = followedBy(next, { type: "machine_released", at, attempt: 1, events: [] });
      next = followedBy(next, planAttempt(next.state, null, at), ...started(at, 2));
    }
    const reason: Reason | null = typeof end === "number" ? "exit_code" : end;
    const status = end === null ? "succeeded" : typeof end === "number" ? "failed" : "cancelled";
    const known = typeof end === "string" ? null : exit;
    const { events } = followedBy(
      next,
      ...(known === null ? [] : [{ type: "exited", at, attempt, exit: known, source: "runner" } as const]),
      { type: "settled", at, status, reason, limit: null, detail: null, exit: known, output },
    );
    const store = d1Store(this.#database, (notifier) => void this.called.push(notifier));
    if ((await store.record(state, events, [])) === null) throw new Error("another writer was first");
  }

  /** Whoever starts what follows, as often as there is something due. */
  async live(ports: HandOverPorts = this.ports()): Promise<string[]> {
    const problems: string[] = [];
    for (;;) {
      const report = await handOver(ports);
      problems.push(...report.problems);
      this.putOff.push(...(report.putOff ?? []));
      if (report.nextAt === null || report.nextAt > this.now) return problems;
    }
  }

  /** What came of a run's end, by job. */
  async after(runId: string) {
    const state = await d1Store(env.DB).load(runId);
    if (state === null) throw new Error(`there is no run ${runId}`);
    return d1Handovers(env.DB).ofRun(state.run, 100);
  }

  /** The runs of a job, oldest first. */
  async runsOf(job: string): Promise<RunState[]> {
    const { results } = await env.DB.prepare("SELECT id FROM runs WHERE job_name = ? ORDER BY id")
      .bind(job)
      .all<{ id: string }>();
    const states = await Promise.all(results.map(({ id }) => d1Store(env.DB).load(id)));
    return states.flatMap((state) => state ?? []);
  }

  /** Of a job, oldest first. */
  async alerts(job: string) {
    const filter = { type: null, sinceMs: null, beforeSeq: null, limit: 100 };
    return (await d1Alerts(env.DB).list("default", { ...filter, job })).toReversed();
  }
}

function started(at: number, attempt: number): RunEvent[] {
  const machineId = `machine-${attempt}`;
  return [
    { type: "machine_created", at, attempt, machineId, region: "ams", adopted: false },
    { type: "machine_started", at, attempt },
  ];
}

/** A pull request, of a fork or of the repository itself. */
export function aPullRequest(isFork: boolean): RunChange {
  const repository = { url: "https://git.example/o/r.git", fullName: "o/r", isPrivate: false };
  return {
    ...{ kind: "pull_request", repository, ref: "refs/pull/7/head", branch: null, tag: null },
    ...{ sha: "c".repeat(40), before: null, message: "m", author: "somebody" },
    pullRequest: {
      ...{ number: 7, action: "opened", hasNewCommits: true, title: "t", headRef: "h", baseRef: "main" },
      isFork,
      headRepository: { url: "https://git.example/x/r.git", fullName: "x/r" },
    },
  };
}

function deliveryOf(change: RunChange): RunDelivery {
  const isWithoutSecrets = change.pullRequest?.isFork ?? false;
  return { hook: "github", id: "d", source: "github", event: "pull_request", change, isWithoutSecrets };
}

/** On somebody's pull request: whose that is it does not say. */
const A_COMMENT: RunDelivery = {
  ...{ hook: "github", id: "d", source: "github", event: "issue_comment", change: null },
  ...{ isOfPullRequest: true, isWithoutSecrets: true },
};

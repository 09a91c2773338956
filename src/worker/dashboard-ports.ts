/** What the pages need, from what the API has. */

import { sameSecret } from "../api/auth.ts";
import { eventBody } from "../api/event-body.ts";
import { eventStream } from "../api/event-stream.ts";
import { order } from "../api/order.ts";
import type { ApiPorts } from "../api/ports.ts";
import { shownRun } from "../api/routes/answers.ts";
import { pageOfRuns } from "../api/routes/list.ts";
import { rawOutput } from "../api/routes/output.ts";
import { outputLine } from "../api/run-body.ts";
import { changedInput } from "../api/spec-input.ts";
import { repeatedUpstream } from "../core/chain/upstream.ts";
import { AppError, RunIsFinal } from "../core/error.ts";
import { isRunId } from "../core/id.ts";
import { PAGE_EVENTS_MAX } from "../core/limits.ts";
import { formatPosition, OUTPUT_START, parsePosition } from "../core/output.ts";
import type { DashboardPorts } from "../dashboard/ports.ts";
import { cancel } from "../flow/cancel.ts";
import { lookAfter } from "../flow/look-after.ts";
import { newestOutput } from "../flow/output.ts";
import { countUnknown } from "../flow/reap.ts";
import { newestOfSection } from "../flow/section.ts";
import { sha256 } from "../flow/sha256.ts";
import { hookPagePorts } from "./hook-page-ports.ts";
import { jobPagePorts } from "./job-page-ports.ts";
import { webhookPagePorts } from "./webhook-page-ports.ts";

export function dashboardPorts(ports: ApiPorts): DashboardPorts {
  const { store, sessions, clock } = ports;
  const load = (id: string) => (isRunId(id) ? store.load(id) : Promise.resolve(null));
  const session = async () => (await sessions.issue("session", clock.now())).text;
  return {
    ...jobPagePorts(ports),
    ...hookPagePorts(ports),
    ...webhookPagePorts(ports),
    listRuns: ({ statuses, tag, job, commit, branch, cursor, limit }) =>
      pageOfRuns(ports, {
        ...(statuses.length > 0 && { status: statuses }),
        ...(job !== null && { job }),
        ...(commit !== null && { commit }),
        ...(branch !== null && { branch }),
        ...(tag && { tag: `${tag.key}:${tag.value}` }),
        ...(cursor !== null && { cursor }),
        limit,
      }),
    unknownMachines: () => countUnknown(ports),
    async getRun(id) {
      const state = await load(id);
      if (state !== null) await lookAfter(ports, state);
      return state && shownRun(ports, state);
    },
    async events(id, before) {
      const end = before ?? ((await load(id))?.run.version ?? 0) + 1;
      const after = Math.max(0, end - 1 - PAGE_EVENTS_MAX);
      return (await store.events(id, after, end - 1 - after)).map(eventBody);
    },
    async readOutput(id, maxBytes) {
      const chunks = await newestOutput(ports, id, maxBytes);
      const [first, last] = [chunks[0], chunks.at(-1)];
      return {
        lines: chunks.map(outputLine),
        position: last ? formatPosition(last) : null,
        fromStart: first === undefined || (first.attempt === 1 && first.seq === 1),
      };
    },
    async readStep(id, attempt, { stdout, stderr }, maxBytes) {
      if (stdout === null || stderr === null) return { lines: [], position: null, fromStart: true };
      const from = { stdout: stdout.from, stderr: stderr.from };
      const to = stdout.to === null || stderr.to === null ? null : { stdout: stdout.to, stderr: stderr.to };
      const { chunks, fromStart } = await newestOfSection(ports, id, { attempt, from, to }, maxBytes);
      return { lines: chunks.map(outputLine), position: null, fromStart };
    },
    async rawOutput(id, stream) {
      return (await load(id)) && (await rawOutput(ports, id, stream)).body;
    },
    async follow(id, after, signal) {
      const position = after === null ? OUTPUT_START : (parsePosition(after) ?? OUTPUT_START);
      const state = await load(id);
      return state && eventStream(ports, state, position, signal);
    },
    async cancel(id) {
      try {
        await cancel(ports, id);
        return "asked";
      } catch (error) {
        if (error instanceof RunIsFinal) return "final";
        if (error instanceof AppError && error.code === "not_found") return "unknown";
        throw error;
      }
    },
    async rerun(id, after) {
      const origin = await load(id);
      if (origin === null) return null;
      const key = `page: ${id} again after ${after}`;
      const { state } = await order(ports, {
        input: changedInput(origin.run.spec, {}),
        originId: id,
        job: origin.run.job ?? undefined,
        delivery: origin.run.delivery ?? undefined,
        upstream: repeatedUpstream(origin.run.upstream),
        key: { key, bodyHash: await sha256(new TextEncoder().encode(key)) },
      });
      return state.run.id;
    },
    signIn: async (token) => ((await sameSecret(token, ports.token)) ? session() : null),
    signInWithTicket: async (ticket) =>
      (await sessions.isValid("sign-in", ticket, clock.now())) ? session() : null,
    isSignedIn: async (cookie) => cookie !== undefined && sessions.isValid("session", cookie, clock.now()),
    now: () => clock.now(),
  };
}

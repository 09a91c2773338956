/** The dashboard's ports in memory: runs and output that a test changes at will, followed live as the API would. */

import type { EventListBody, OutputLine, RunBody } from "../../src/api/run-schema.ts";
import { AppError } from "../../src/core/error.ts";
import { PAGE_EVENTS_MAX } from "../../src/core/limits.ts";
import { isFinal } from "../../src/core/run.ts";
import type { DashboardPorts } from "../../src/dashboard/dashboard.tsx";
import { type HooksInMemory, memoryHookPorts, noHooks } from "./memory-hook-ports.ts";
import { type JobsInMemory, memoryJobPorts, noJobs } from "./memory-job-ports.ts";
import { eventsOf, NOW, summaryOf } from "./run-factory.ts";

export const TOKEN = "mf_correct-horse";
export const SESSION = "session-of-a-test";
export const SIGNED_IN = { Cookie: `mayfly_session=${SESSION}` };

export interface MemoryPorts extends DashboardPorts {
  runs: Map<string, RunBody>;
  output: Map<string, OutputLine[]>;
  /** Jobs and schedules. */
  known: JobsInMemory;
  /** Hooks and webhooks. */
  hooks: HooksInMemory;
  /** Machines of nobody's. */
  unknown: number;
  /** The run, if any, that has output before what a page reads. */
  outputBefore: string | null;
  /** Events of runs that have others than the first two. */
  eventsOfRun: Map<string, EventListBody["events"]>;
  /** Everything that was asked of the ports, in order: "cancel run_…". */
  calls: string[];
  /** Sends a piece to those who follow. */
  emit(id: string, piece: OutputLine): void;
  /** Cuts the connections of all who follow a run; they may come back. */
  disconnect(id: string): void;
  /** Ends them as a connection ends that has made its share of reads. */
  resume(id: string): void;
  /** True while as many watch every run as can. */
  full: boolean;
  /** Replaces a run and, where it is final now, ends what follows it. */
  change(run: RunBody): void;
}

export function memoryPorts(runs: RunBody[] = [], output: Record<string, OutputLine[]> = {}): MemoryPorts {
  const watchers = new Map<string, Set<(message: string) => void>>();
  /** An empty message ends the stream. */
  const tell = (id: string, message: string): void => {
    for (const send of watchers.get(id) ?? []) send(message);
  };
  const known = noJobs();
  const hooks = noHooks();
  const runsById = new Map(runs.map((run) => [run.id, run]));
  const calls: string[] = [];
  const ports: MemoryPorts = {
    ...memoryJobPorts(known, runsById, calls),
    ...memoryHookPorts(hooks, calls),
    known,
    hooks,
    runs: runsById,
    output: new Map(Object.entries(output)),
    outputBefore: null,
    unknown: 0,
    unknownMachines: async () => ports.unknown,
    eventsOfRun: new Map(),
    calls,
    now: () => NOW,

    async listRuns(query) {
      ports.calls.push(
        `list ${query.statuses.join()} ${query.tag ? `${query.tag.key}=${query.tag.value}` : "-"} ${query.cursor}`,
      );
      const found = [...ports.runs.values()].filter(
        (run) =>
          (query.statuses.length === 0 || query.statuses.includes(run.status)) &&
          (query.tag === null || run.tags[query.tag.key] === query.tag.value) &&
          (query.job === null || run.job?.name === query.job),
      );
      const { limit = 50 } = query;
      return {
        runs: found.slice(0, limit).map(summaryOf),
        next_cursor: found.length > limit ? "second" : null,
      };
    },
    async rerun(id, after) {
      ports.calls.push(`rerun ${id} after ${after}`);
      const origin = ports.runs.get(id);
      if (!origin) return null;
      const again = { ...origin, id: `${id.slice(0, -1)}2`, rerun_of: id };
      ports.runs.set(again.id, again);
      return again.id;
    },
    getRun: async (id) => ports.runs.get(id) ?? null,
    async events(id, before) {
      const run = ports.runs.get(id);
      const events = ports.eventsOfRun.get(id) ?? (run ? eventsOf(run) : []);
      return events.filter(({ seq }) => before === null || seq < before).slice(-PAGE_EVENTS_MAX);
    },
    async readOutput(id) {
      const lines = ports.output.get(id) ?? [];
      const fromStart = ports.outputBefore !== id;
      return { lines, position: lines.length > 0 ? `1.${lines.length}` : null, fromStart };
    },
    async readStep(id, attempt, { stdout, stderr }) {
      const section = { stdout, stderr };
      const lines = (ports.output.get(id) ?? []).filter((line) => {
        const { from, to } = section[line.stream] ?? { from: 0, to: 0 };
        return line.attempt === attempt && line.offset >= from && (to === null || line.offset < to);
      });
      return { lines, position: null, fromStart: true };
    },
    async rawOutput(id, stream) {
      if (!ports.runs.has(id)) return null;
      const lines = (ports.output.get(id) ?? []).filter((line) => line.stream === stream);
      return new Response(lines.map((line) => line.text ?? "").join("")).body;
    },
    async follow(id, after, signal) {
      ports.calls.push(`follow ${id} after ${after}`);
      if (ports.full) throw new AppError("too_many_watchers", "200 watch this run already");
      if (!ports.runs.has(id)) return null;
      const encoder = new TextEncoder();
      const stored = ports.output.get(id) ?? [];
      const from = after === null ? 0 : Number(after.split(".")[1]);
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const send = (message: string): void => {
            if (message !== "") controller.enqueue(encoder.encode(message));
            if (message !== "" && !/^event: (end|resume)/.test(message)) return;
            watchers.get(id)?.delete(send);
            controller.close();
          };
          for (const message of stepMessages(ports.runs.get(id))) send(message);
          stored.slice(from).forEach((piece, index) => {
            send(outputMessage(from + index + 1, piece));
          });
          const run = ports.runs.get(id);
          if (run && isFinal(run.status)) return send(endMessage(run));
          watchers.set(id, (watchers.get(id) ?? new Set()).add(send));
          signal.addEventListener("abort", () => watchers.get(id)?.delete(send));
          send("retry: 50\n\n");
        },
      });
      return new Response(body, {
        headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" },
      });
    },
    async cancel(id) {
      ports.calls.push(`cancel ${id}`);
      const run = ports.runs.get(id);
      if (!run) return "unknown";
      if (isFinal(run.status)) return "final";
      ports.runs.set(id, { ...run, cancel_requested_at: new Date(ports.now()).toISOString() });
      return "asked";
    },
    signIn: async (token) => (token === TOKEN ? SESSION : null),
    signInWithTicket: async (ticket) => (ticket === "good-ticket" ? SESSION : null),
    isSignedIn: async (session) => session === SESSION,

    emit(id, piece) {
      const lines = [...(ports.output.get(id) ?? []), piece];
      ports.output.set(id, lines);
      tell(id, outputMessage(lines.length, piece));
    },
    disconnect: (id) => tell(id, ""),
    resume: (id) => tell(id, "event: resume\ndata: {}\n\n"),
    full: false,
    change(run) {
      ports.runs.set(run.id, run);
      for (const message of stepMessages(run)) tell(run.id, message);
      if (isFinal(run.status)) tell(run.id, endMessage(run));
    },
  };
  return ports;
}

/** How the steps stand that have begun, as they are told before what they wrote. */
function stepMessages(run: RunBody | undefined): string[] {
  const steps = (run?.attempts ?? []).flatMap(({ number, steps }) =>
    steps.map((step) => ({ attempt: number, ...step })),
  );
  const begun = steps.filter(({ state }) => state !== "waiting");
  return begun.map((step) => `event: step\ndata: ${JSON.stringify(step)}\n\n`);
}

function outputMessage(seq: number, piece: OutputLine): string {
  return `event: output\nid: 1.${seq}\ndata: ${JSON.stringify(piece)}\n\n`;
}

function endMessage(run: RunBody): string {
  return `event: end\ndata: ${JSON.stringify({ run_id: run.id, status: run.status })}\n\n`;
}

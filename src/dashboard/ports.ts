/** What the pages need of the rest of Mayfly, in the words of the API. */

import type { EventListBody, OutputLine, RunBody, RunListBody } from "../api/run-schema.ts";
import type { Stream } from "../core/output.ts";
import type { RunStatus } from "../core/run.ts";
import type { HookPorts } from "./hook-ports.ts";
import type { JobPorts } from "./job-ports.ts";
import type { WebhookPorts } from "./webhook-ports.ts";
import type { Step } from "./words/steps.ts";

export interface RunQuery {
  /** Empty for all. */
  statuses: RunStatus[];
  tag: { key: string; value: string } | null;
  /** Only runs of this job; null for all. */
  job: string | null;
  /** Only runs that build this commit, by how it begins; null for all. */
  commit: string | null;
  /** Only runs of this branch; null for all. */
  branch: string | null;
  /** As `next_cursor` gave it; null for the first page. */
  cursor: string | null;
  /** At most so many; as many as a list has where it is left out. */
  limit?: number;
}

/** Stored output, oldest first. */
export interface StoredOutput {
  lines: OutputLine[];
  /** The last line's id, as `follow` takes it: "1.42"; null where nothing is stored. */
  position: string | null;
  /** True where nothing was written before the first line. */
  fromStart: boolean;
}

/** Broken assumptions throw; an `AppError` of the core is shown with its sentence. */
export interface DashboardPorts extends JobPorts, HookPorts, WebhookPorts {
  listRuns(query: RunQuery): Promise<RunListBody>;
  /** Machines that no living attempt has, as the last sweep counted them. */
  unknownMachines(): Promise<number>;
  getRun(id: string): Promise<RunBody | null>;
  /** The newest events of a run, or the newest before a number, oldest of them first; `PAGE_EVENTS_MAX` at most. */
  events(id: string, before: number | null): Promise<EventListBody["events"]>;
  /** The newest output, whole pieces of about `maxBytes` together; the pieces' offsets tell what came before. */
  readOutput(id: string, maxBytes: number): Promise<StoredOutput>;
  /** The same of what one step wrote; of a step that is under way, of the newest output. */
  readStep(id: string, attempt: number, step: Step, maxBytes: number): Promise<StoredOutput>;
  /** All bytes of one stream; null for an unknown run. */
  rawOutput(id: string, stream: Stream, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | null>;
  /**
   * The API's SSE answer: `output` messages after a position (null: from the start), then `end`, or `resume` where the browser
   * is to come back. Null for an unknown run.
   * @throws AppError `too_many_watchers`
   */
  follow(id: string, after: string | null, signal: AbortSignal): Promise<Response | null>;
  cancel(id: string): Promise<"asked" | "final" | "unknown">;
  /**
   * Orders the run once more.
   * @param after the newest run that repeats it already, or null: who asks twice from one page asks once
   * @returns the new run's id; null for an unknown run
   */
  rerun(id: string, after: string | null): Promise<string | null>;
  /** The value of a session cookie, or null where the token is wrong. */
  signIn(token: string): Promise<string | null>;
  /** The same for the ticket of a sign-in link; null where it is unknown or too old. */
  signInWithTicket(ticket: string): Promise<string | null>;
  isSignedIn(session: string | undefined): Promise<boolean>;
  /** Epoch milliseconds. */
  now(): number;
}

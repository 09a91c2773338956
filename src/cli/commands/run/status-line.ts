/** A dim line at a terminal that tells how far a run has come, until its output begins. */

import type { RunBody } from "../../../api/run-schema.ts";
import { isFinal } from "../../../core/run.ts";
import type { Client } from "../../api-client.ts";
import { canRedraw, type Io, say } from "../../io.ts";
import { plain } from "../../plain.ts";
import { waitingSentence } from "../../run-words.ts";

const POLL_MS = 1_000;
const ERASE = "\r\u001b[K";

export class StatusLine {
  readonly #io: Io;
  readonly #over = new AbortController();
  #shown = false;

  constructor(io: Io) {
    this.#io = io;
    if (!canRedraw(io)) this.#over.abort();
  }

  /** Asks for the run's state each second until it runs or {@link end} is called. Failures are the follower's to report. */
  async watch(client: Client, run: RunBody): Promise<void> {
    const startedAt = this.#io.now();
    let known = run;
    while (!this.#over.signal.aborted) {
      if (known.status === "running" || isFinal(known.status)) return this.end();
      this.#show(
        `${waitingFor(known, this.#io.now())} (${Math.floor((this.#io.now() - startedAt) / 1000)} s)`,
      );
      await this.#io.sleep(POLL_MS, this.#over.signal);
      if (!this.#over.signal.aborted) known = await client.show(run.id, this.#over.signal).catch(() => known);
    }
  }

  /** Prints a line of our own in its place; it comes back below. */
  async say(line: string): Promise<void> {
    this.#erase();
    await say(this.#io, line);
  }

  /** Takes the line away for good. */
  end(): void {
    this.#over.abort();
    this.#erase();
  }

  #erase(): void {
    if (this.#shown) this.#io.stderr.write(ERASE);
    this.#shown = false;
  }

  #show(text: string): void {
    const { NO_COLOR } = this.#io.env;
    this.#io.stderr.write(`${ERASE}${NO_COLOR ? text : `\u001b[2m${text}\u001b[22m`}`);
    this.#shown = true;
  }
}

/** What a run that does not run yet is waiting for. */
function waitingFor(run: RunBody, nowMs: number): string {
  const attempt = run.attempts.at(-1);
  if (run.cancel_requested_at !== null) return "cancelling";
  if (run.next_attempt !== null && run.waiting?.for !== "launch")
    return `waiting for attempt ${run.next_attempt.number}`;
  if (run.waiting !== null) return plain(waitingSentence(run.waiting, nowMs));
  if (run.status !== "starting" || !attempt) return "queued";
  if (attempt.created_at === null) return "creating a machine";
  return `booting${attempt.region === null ? "" : ` in ${plain(attempt.region)}`}`;
}

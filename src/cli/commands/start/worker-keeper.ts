/**
 * The worker's program, kept up: wrangler goes on without a word when the workerd below it has died for good, so a worker that
 * does not answer is ended whole and started again. All that it knows is stored, so its runs go on.
 */

import { CliError } from "../../cli-error.ts";
import { type Io, say } from "../../io.ts";
import { span } from "../../spans.ts";
import { fireEachMinute } from "./minute.ts";
import type { Program, ProgramSpec } from "./program.ts";
import { untilHealthy, untilUnwell } from "./ready.ts";
import { endedEarly, type Supervisor } from "./supervisor.ts";

/** One that is lost more often than this is broken, and starting it again would only hide it … */
const RESTARTS_MAX = 5;
/** … within this time. */
const RESTARTS_WITHIN_MS = 10 * 60_000;

export class WorkerKeeper {
  readonly #spec: ProgramSpec;
  readonly #url: string;
  readonly #supervisor: Supervisor;
  readonly #io: Io;
  readonly #signal: AbortSignal;
  #program: Program | null = null;
  #restartedAt: number[] = [];

  /** @param signal ends the keeping; ending the program is the supervisor's part */
  constructor(spec: ProgramSpec, url: string, supervisor: Supervisor, io: Io, signal: AbortSignal) {
    this.#spec = spec;
    this.#url = url;
    this.#supervisor = supervisor;
    this.#io = io;
    this.#signal = signal;
  }

  /** Returns once it answers. @throws CliError where it ends before, or does not answer in time */
  async start(): Promise<void> {
    await this.#startProgram(this.#spec);
  }

  /**
   * Stays until the signal aborts.
   * @throws CliError where the worker is lost once more than it may be
   */
  async keep(): Promise<void> {
    let stopCron = fireEachMinute(this.#url);
    try {
      while (true) {
        await this.#untilLost();
        if (this.#signal.aborted) return;
        stopCron();
        await this.#restart();
        // At once, for the runs whose drivers went with the worker.
        stopCron = fireEachMinute(this.#url);
      }
    } finally {
      stopCron();
    }
  }

  async #untilLost(): Promise<void> {
    const lost = new AbortController();
    const signal = AbortSignal.any([this.#signal, lost.signal]);
    await Promise.race([untilUnwell(this.#url, this.#io, signal), this.#program?.ended]);
    lost.abort();
  }

  /** One that fails counts as a loss of its own. */
  async #restart(): Promise<void> {
    const { name, log } = this.#spec;
    while (!this.#signal.aborted) {
      const now = this.#io.now();
      this.#restartedAt = this.#restartedAt.filter((at) => now - at < RESTARTS_WITHIN_MS);
      if (this.#restartedAt.length >= RESTARTS_MAX)
        throw new CliError(
          `${name} does not answer on ${this.#url} and was started again ${RESTARTS_MAX} times within ${span(RESTARTS_WITHIN_MS)}; its log is ${log}`,
        );
      this.#restartedAt.push(now);
      await say(this.#io, `${name} does not answer on ${this.#url}; starting it again (its log is ${log})`);
      if (this.#program !== null) await this.#supervisor.end(this.#program);
      try {
        if (this.#signal.aborted) return;
        await this.#startProgram({ ...this.#spec, keepLog: true });
        if (!this.#signal.aborted) await say(this.#io, `${name} is back; its runs go on`);
        return;
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
      }
    }
  }

  async #startProgram(spec: ProgramSpec): Promise<void> {
    const program = this.#supervisor.startKept(spec);
    this.#program = program;
    const ended = program.ended.then((end) => {
      throw endedEarly(program, end);
    });
    ended.catch(() => undefined);
    const isUp = new AbortController();
    try {
      await Promise.race([untilHealthy(this.#url, AbortSignal.any([this.#signal, isUp.signal])), ended]);
    } finally {
      isUp.abort();
    }
  }
}

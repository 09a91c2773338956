/** Output as it is passed on, with lines of our own between that say who writes: which attempt, and to a person which step. */

import type { OutputLine, OutputStep } from "../api/run-schema.ts";
import { STREAMS } from "../core/output.ts";
import { partsOf } from "../core/step/sections.ts";
import { type Io, write } from "./io.ts";
import { plain } from "./plain.ts";
import { span } from "./spans.ts";

const LINE_FEED = 10;

export interface HeadedOutputPorts {
  /** Prints a line of our own. */
  tell(line: string): Promise<void>;
  /** Passes output on; null where it is not shown. */
  pass: ((line: OutputLine, bytes: Uint8Array) => Promise<void>) | null;
}

/** Steps are told where stderr is a terminal: a program that reads it is given what it always was. */
export class HeadedOutput {
  readonly #io: Io;
  readonly #ports: HeadedOutputPorts;
  /** What is known of the steps of each attempt, by their numbers. */
  readonly #steps = new Map<number, Map<number, OutputStep>>();
  #attempt = 1;
  /** Up to where the attempt's output is passed on. */
  #passed = { stdout: 0, stderr: 0 };
  /** The step that is to be told next: that it begins, or how it ended. */
  #next = 1;
  #hasBegun = false;
  /** The step whose output stands under the last heading. */
  #under: number | null = null;
  /** True while a line of output at the terminal has no end yet. */
  #isLineOpen = false;

  constructor(io: Io, ports: HeadedOutputPorts) {
    this.#io = io;
    this.#ports = ports;
  }

  /** Takes note of how a step stands. */
  async know(step: OutputStep): Promise<void> {
    if (!this.#io.stderrIsTty) return;
    const known = this.#steps.get(step.attempt) ?? new Map<number, OutputStep>();
    this.#steps.set(step.attempt, known.set(step.number, step));
    // A later attempt begins where the one before it is over, and all of its output is passed on.
    while (step.attempt > this.#attempt && this.#known().every((each) => this.#isPassed(each)))
      await this.#begin(this.#attempt + 1);
    await this.#tellSteps();
  }

  async write(line: OutputLine, bytes: Uint8Array): Promise<void> {
    if (line.attempt !== this.#attempt) await this.#begin(line.attempt);
    const { stream, offset } = line;
    const sections = this.#known().flatMap((step) => {
      const section = step[stream];
      return section === null ? [] : [{ number: step.number, ...section }];
    });
    for (const { step, from, to } of partsOf(sections, offset, offset + bytes.length)) {
      if (step !== null) await this.#head(step);
      await this.#pass(line, bytes.subarray(from - offset, to - offset));
      this.#passed[stream] = to;
    }
    await this.#tellSteps();
  }

  /** All of the output is passed on. */
  async end(): Promise<void> {
    await this.#tellSteps(Number.POSITIVE_INFINITY);
    for (const attempt of [...this.#steps.keys()].sort((a, b) => a - b))
      if (attempt > this.#attempt) await this.#begin(attempt);
    await this.#tellSteps(Number.POSITIVE_INFINITY);
  }

  #known(): OutputStep[] {
    return [...(this.#steps.get(this.#attempt)?.values() ?? [])].sort((a, b) => a.number - b.number);
  }

  #isPassed(step: OutputStep): boolean {
    return STREAMS.every((stream) => {
      const section = step[stream];
      return section === null || (section.to !== null && this.#passed[stream] >= section.to);
    });
  }

  async #begin(attempt: number): Promise<void> {
    await this.#tellSteps(Number.POSITIVE_INFINITY);
    this.#attempt = attempt;
    this.#passed = { stdout: 0, stderr: 0 };
    this.#next = 1;
    this.#hasBegun = false;
    this.#under = null;
    await this.#tell(`attempt ${attempt}:`);
  }

  /** That what comes next is a step's; of one that was told to have ended, as some of its output was held back, once more. */
  async #head(number: number): Promise<void> {
    if (number === this.#under) return;
    await this.#tellSteps(number);
    if (number === this.#under) return;
    const step = this.#steps.get(this.#attempt)?.get(number);
    if (step) await this.#tell(`${named(step)} also wrote:`);
    this.#under = number;
  }

  /**
   * Tells how the steps go, as far as their output is passed on.
   * @param before those before this one are over, whatever of their output is still to come
   */
  async #tellSteps(before = 0): Promise<void> {
    for (;;) {
      const step = this.#steps.get(this.#attempt)?.get(this.#next);
      if (step === undefined || step.state === "waiting") return;
      // Of one that was not run nothing is said: behind a failure that can be many.
      if (step.stdout !== null) {
        if (!this.#hasBegun) {
          await this.#tell(`${named(step)}:`);
          this.#hasBegun = true;
          this.#under = step.number;
        }
        if (step.state === "running" || (step.number >= before && !this.#isPassed(step))) return;
        await this.#tell(`${named(step)} ${howItEnded(step)}`);
      }
      this.#next += 1;
      this.#hasBegun = false;
    }
  }

  async #pass(line: OutputLine, bytes: Uint8Array): Promise<void> {
    if (this.#ports.pass === null) return;
    if (line.stream === "stdout" ? this.#io.stdoutIsTty : this.#io.stderrIsTty)
      this.#isLineOpen = bytes.at(-1) !== LINE_FEED;
    await this.#ports.pass(line, bytes);
  }

  async #tell(line: string): Promise<void> {
    if (this.#isLineOpen && this.#io.stderrIsTty) await write(this.#io.stderr, "\n");
    this.#isLineOpen = false;
    await this.#ports.tell(line);
  }
}

function named(step: OutputStep): string {
  return `step "${plain(step.name)}"`;
}

/** "failed with exit code 3 after 2.05 s". */
function howItEnded({ state, exit_code, timed_out, started_at, ended_at }: OutputStep): string {
  if (state === "unknown") return "was under way when the attempt ended";
  const time =
    started_at === null || ended_at === null
      ? ""
      : ` after ${span(Date.parse(ended_at) - Date.parse(started_at))}`;
  if (state === "succeeded") return `succeeded${time}`;
  if (timed_out) return `failed${time}, its time limit`;
  return `failed with exit code ${exit_code ?? "unknown"}${time}`;
}

/** The programs that run at the moment: begun together, ended together, and none dies unnoticed. */

import { CliError } from "../../cli-error.ts";
import { plain } from "../../plain.ts";
import { type Guard, startGuard } from "./guard.ts";
import { Program, type ProgramEnd, type ProgramSpec } from "./program.ts";

export class Supervisor {
  readonly #guard: Guard = startGuard();
  readonly #running = new Set<Program>();
  readonly #failed = Promise.withResolvers<never>();
  #stopping = false;

  constructor() {
    this.#failed.promise.catch(() => undefined);
  }

  /** Rejects when a program that should stay up ended. */
  get failure(): Promise<never> {
    return this.#failed.promise;
  }

  /** Starts a program that is to stay up. */
  start(spec: ProgramSpec): Program {
    const program = this.#spawn(spec);
    void program.ended.then((end) => {
      if (!this.#stopping) this.#failed.reject(endedEarly(program, end));
    });
    return program;
  }

  /** Starts a program whose end is its caller's to see to. */
  startKept(spec: ProgramSpec): Program {
    return this.#spawn(spec);
  }

  /** Ends one of them and leaves the others alone. */
  async end(program: Program): Promise<void> {
    await program.stop();
    this.#running.delete(program);
  }

  /** Runs a program to its end. @throws CliError with its last lines where it fails */
  async finish(spec: ProgramSpec): Promise<void> {
    const program = this.#spawn(spec);
    const end = await program.ended;
    await this.end(program);
    if (end.code !== 0) throw endedEarly(program, end);
  }

  /** Ends all of them at once. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#running].map((program) => program.stop()));
    this.#guard.close();
  }

  #spawn(spec: ProgramSpec): Program {
    // What was under way when the end began must not start something that nobody ends.
    if (this.#stopping) throw new CliError(`${spec.name} is not started any more`);
    const program = new Program(spec, this.#guard);
    this.#running.add(program);
    return program;
  }
}

/** What to say of a program that should not have ended: how it did, and the last it printed. */
export function endedEarly(program: Program, end: ProgramEnd): CliError {
  const how = end.signal !== null ? `was ended by ${end.signal}` : `ended with code ${end.code ?? "unknown"}`;
  const lines = program.lastLines().map((line) => `\n    ${plain(line)}`);
  return new CliError(
    `${program.name} ${how}; ${lines.length > 0 ? `its last lines (${program.log}):${lines.join("")}` : `it printed nothing (${program.log})`}`,
  );
}

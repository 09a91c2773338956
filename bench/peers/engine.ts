/** What the comparison asks of an engine: of Mayfly, and of each peer. */

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];

/** How a job ended, as the engine tells from what it has stored. */
export interface Outcome {
  /** Whether the engine says that the command was run to its end, however that end was. */
  readonly ran: boolean;
  readonly stdout: string;
  readonly exitCode: number | null;
  /** In the engine's words, where the command was not run to its end. */
  readonly reason: string | null;
}

/** A way for an engine to die by kill -9. */
export interface Death {
  /** What is killed, for the report. */
  readonly of: string;
  /** Returns when all of it is gone. */
  kill(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  /** Its version, how it keeps things and what it was set to, for the report. */
  readonly settings: string;
  readonly deaths: readonly Death[];
  /** Submits a command and returns once its stored outcome has been read. */
  run(command: Command): Promise<Outcome>;
  /** @returns the id of a job that the engine has accepted */
  submit(command: Command): Promise<string>;
  /** Null while the job is not over, and of one that the engine does not know. */
  outcome(id: string): Promise<Outcome | null>;
  /** Starts what a death has killed, on what it had stored. Returns when it takes jobs again. */
  startAgain(): Promise<void>;
  /** Ends all of it, with every process of its jobs, and removes what it stored. */
  close(): Promise<void>;
}

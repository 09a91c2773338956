/** Failures as the person at the terminal reads them. Only `main.ts` turns them into text and an exit code. */

/** Exit codes that are the CLI's own; a run's come from its command (`exit-code.ts`). */
export const EXIT = { ok: 0, failed: 1, usage: 2, different: 3, interrupted: 130, brokenPipe: 141 } as const;

/** A sentence on what went wrong, what to do about it, and the exit code. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly hint: string | null;
  readonly exitCode: number;

  constructor(message: string, options: { hint?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.hint = options.hint ?? null;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

/** Something was asked for in a way that is not possible. */
export class UsageError extends CliError {
  constructor(message: string, hint?: string) {
    super(message, { hint, exitCode: EXIT.usage });
  }
}

/**
 * The command line. It imports `core` and the types of `api`, knows Mayfly only by its HTTP API, and starts everything
 * else as a process of its own. Commands answer an exit code or throw; here both become the end of the process.
 */

import { CommanderError } from "commander";
import { CliError, EXIT } from "./cli-error.ts";
import { type Io, isReaderGone, processIo, say, write } from "./io.ts";
import { plain } from "./plain.ts";
import { createProgram } from "./program.ts";

/**
 * Carries out a command line.
 * @param args without program and script
 * @returns the exit code
 */
export async function main(args: string[], io: Io = processIo()): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return await failure(error, io);
  }
}

async function failure(error: unknown, io: Io): Promise<number> {
  // Commander has printed the help that was asked for, or what is wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (isReaderGone(error)) return EXIT.brokenPipe;
  if (error instanceof CliError) {
    await say(io, error.message);
    if (error.hint !== null) await write(io.stderr, `        ${error.hint}\n`);
    return error.exitCode;
  }
  await say(
    io,
    `something is wrong in mayfly itself: ${plain(error instanceof Error ? (error.stack ?? error.message) : String(error))}`,
  );
  return EXIT.failed;
}

/** Asks at a terminal for what nobody is to see there. */

import type { ReadStream } from "node:tty";
import { CliError, EXIT } from "../../cli-error.ts";
import { type Io, write } from "../../io.ts";

const ENTER = /[\r\n\u0004]/;
const CTRL_C = "\u0003";
const BACKSPACE = ["\u007f", "\b"];

/** What was typed until Enter, without showing it; null where stdin is no terminal. */
export async function askHidden(io: Io, question: string): Promise<string | null> {
  const stdin = io.stdin as ReadStream;
  if (stdin.isTTY !== true) return null;
  await write(io.stderr, question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  try {
    let typed: string[] = [];
    for await (const keys of stdin)
      for (const key of String(keys)) {
        if (ENTER.test(key)) return typed.join("");
        if (key === CTRL_C) throw new CliError("nothing was set", { exitCode: EXIT.interrupted });
        typed = BACKSPACE.includes(key) ? typed.slice(0, -1) : [...typed, key];
      }
    return typed.join("");
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    await write(io.stderr, "\n");
  }
}

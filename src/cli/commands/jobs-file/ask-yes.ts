/** Asks at a terminal for a yes. */

import { createInterface } from "node:readline/promises";
import type { ReadStream } from "node:tty";
import type { Io } from "../../io.ts";

/** Null where stdin is no terminal. Ctrl-C, Ctrl-D and anything but a yes are a no. */
export async function askYes(io: Io, question: string): Promise<boolean | null> {
  if ((io.stdin as ReadStream).isTTY !== true) return null;
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  const left = new AbortController();
  lines.once("SIGINT", () => left.abort()).once("close", () => left.abort());
  const answer = await lines.question(question, { signal: left.signal }).catch(() => "");
  lines.close();
  return /^y(?:es)?$/i.test(answer.trim());
}

/** A Node program with nothing in it, which spawns a command when told to and answers when it did and when that had ended. */

import { execFile } from "node:child_process";
import { now } from "./figures.ts";

process.on("message", ({ id, command }: { id: number; command: [string, ...string[]] }) => {
  const [program, ...args] = command;
  const from = now();
  execFile(program, args, () => process.send?.({ id, from, end: now() }));
});

/** A Node program with nothing in it, which spawns `echo hi` when told to and answers how many milliseconds that took. */

import { execFile } from "node:child_process";

process.on("message", (id: number) => {
  const from = performance.now();
  execFile("echo", ["hi"], () => process.send?.({ id, ms: performance.now() - from }));
});

/** Starts a child in the same group and ignores every polite signal, as does the child. Prints both process ids. */
import { spawn } from "node:child_process";

for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => console.log(`ignored ${signal}`));
if (process.argv[2] !== "child") {
  const child = spawn(process.execPath, [process.argv[1], "child"], { stdio: "inherit" });
  console.log(`pids ${process.pid} ${child.pid}`);
}
setInterval(() => undefined, 1000);

/** What a read of the runner prints, for tests that need no runner; `runner-protocol.test.ts` holds the form against real ones. */

interface Reply {
  stdoutSize: number;
  stdout?: string;
  /** As long as `stderr` where it is left out. */
  stderrSize?: number;
  stderr?: string;
  /** Lines of the record of steps. */
  facts?: string[];
  /** Null while the command runs. */
  code: number | null;
}

export function runnerReply({ stdoutSize, stdout = "", stderr = "", facts, code, ...rest }: Reply): string {
  const [out, err] = [Buffer.from(stdout), Buffer.from(stderr)];
  const { stderrSize = err.length } = rest;
  const state = code === null ? "running" : "ended";
  const lengths = `${out.length} ${err.length}`;
  const head = `mayfly 1 ${state} ${stdoutSize} ${stderrSize} ${code ?? 0} 0 0 0 - base64 ${lengths}`;
  const steps = facts ? `steps 10000 ${facts.length}\n${facts.map((fact) => `${fact}\n`).join("")}.\n` : "";
  return `${head}\n\n${out.toString("base64")}.\n${err.toString("base64")}.\n${steps}`;
}

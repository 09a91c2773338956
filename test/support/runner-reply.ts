/** What a read of the runner prints, for tests that need no runner; `runner-protocol.test.ts` holds the form against real ones. */

interface Reply {
  stdoutSize: number;
  stdout?: string;
  /** Null while the command runs. */
  code: number | null;
}

export function runnerReply({ stdoutSize, stdout = "", code }: Reply): string {
  const bytes = Buffer.from(stdout);
  const state = code === null ? "running" : "ended";
  return `mayfly 1 ${state} ${stdoutSize} 0 ${code ?? 0} 0 0 0 - base64 ${bytes.length} 0\n\n${bytes.toString("base64")}.\n.\n`;
}

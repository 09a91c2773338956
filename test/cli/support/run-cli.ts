import { main } from "../../../src/cli/main.ts";
import { type FakeIo, fakeIo } from "./fake-io.ts";
import type { StubMayfly } from "./stub-mayfly.ts";

export interface Result {
  exitCode: number;
  stdout: string;
  stderr: string;
  io: FakeIo;
}

/** Carries out a command line against a stub; without one no Mayfly is known. */
export async function mayfly(
  args: string[],
  stub: StubMayfly | null = null,
  io: FakeIo = fakeIo(),
): Promise<Result> {
  if (stub !== null) io.env = { MAYFLY_URL: stub.url, MAYFLY_TOKEN: "t0ken", ...io.env };
  const exitCode = await main(args, io);
  return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text(), io };
}

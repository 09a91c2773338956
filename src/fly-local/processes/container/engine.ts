/** A container engine of this computer, spoken to through its command line, which docker and podman share. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ENGINE_CALL_MS } from "../../limits.ts";

export interface Engine {
  /** What its command line is started by: "docker", or a path. */
  readonly program: string;
  readonly kind: "docker" | "podman";
  readonly version: string;
  /** Of the processor that its containers run on, as Node calls it; the engine may be on another computer than this. */
  readonly arch: string;
}

export type EngineSearch =
  | { readonly kind: "found"; readonly engine: Engine }
  /** `reason` says of each program that was tried why it is none. */
  | { readonly kind: "none"; readonly reason: string };

/** What is looked for, in this order, where no program is named. */
export const PROGRAMS = ["docker", "podman"];

/** An engine that hangs is none. */
const ANSWER_MS = 10_000;
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;
/** docker's "version" asks the daemon; podman has none, and says where containers run in "info" alone. */
const QUESTIONS = {
  docker: ["version", "--format", "{{.Server.Version}} {{.Server.Arch}}"],
  podman: ["info", "--format", "{{.Version.Version}} {{.Host.Arch}}"],
};

/** The first of these that works, or why none does. */
export async function findEngine(programs: readonly string[] = PROGRAMS): Promise<EngineSearch> {
  const reasons: string[] = [];
  for (const program of programs) {
    const asked = await askEngine(program);
    if (typeof asked !== "string") return { kind: "found", engine: asked };
    reasons.push(asked);
  }
  return { kind: "none", reason: reasons.join("; ") };
}

/** The engine behind a program, or why there is none. */
async function askEngine(program: string): Promise<Engine | string> {
  const call = (args: readonly string[]) =>
    promisify(execFile)(program, [...args], { timeout: ANSWER_MS, killSignal: "SIGKILL" });
  try {
    // Many computers with podman call it docker, too.
    const kind = /podman/i.test((await call(["--version"])).stdout) ? "podman" : "docker";
    const [version = "", arch = ""] = (await call(QUESTIONS[kind])).stdout.trim().split(" ");
    return { program, kind, version, arch: arch === "amd64" ? "x64" : arch };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return `${program} is not installed`;
    return `${program} has no engine that answers (${complaintOf(error)})`;
  }
}

/** Runs a command of the engine's to its end. @throws Error with what it said, where it failed or was too slow */
export async function callEngine(
  { program }: Engine,
  args: readonly string[],
  timeoutMs: number = ENGINE_CALL_MS,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, [...args], {
      maxBuffer: ANSWER_MAX_BYTES,
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    return stdout;
  } catch (error) {
    throw new Error(complaintOf(error), { cause: error });
  }
}

/** Characters that are kept of what an engine says while it does something: its end is what tells why it failed. */
export const SAID_MAX = 4096;

/**
 * The line of what a failed command of an engine wrote that says why: the last that speaks of an error, as those before it
 * tell how far it came, and docker ends with advice.
 */
export function reasonIn(stderr: string): string {
  const lines = stderr.trim().split("\n");
  const line = lines.findLast((each) => /error/i.test(each)) ?? lines.at(-1) ?? "";
  return line.trim().slice(0, COMPLAINT_MAX);
}

const COMPLAINT_MAX = 500;

function complaintOf(error: unknown): string {
  const { stderr = "", killed } = error as { stderr?: string; killed?: boolean };
  return reasonIn(stderr) || (killed ? "it did not answer" : (error as Error).message);
}

/**
 * A box: what a Machine is to the runner, on this machine. Its files stand where `runnerFiles` puts them, its command
 * lines are those of the protocol with a chosen shell for `/bin/sh`, and every process in it carries the box's name in
 * its environment, by which it is found again.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { RunSpec, SpecFile } from "../../../src/core/run-spec.ts";
import {
  parseReadReply,
  type RunnerReply,
  readCommand,
  runnerCommand,
  runnerFiles,
} from "../../../src/core/runner-protocol.ts";
import {
  giveCommands,
  type MaskedSecrets,
  secretFiles,
  withSecrets,
} from "../../../src/core/secret-giving.ts";
import { stepFiles, stepsCommand } from "../../../src/core/step/files.ts";
import type { Shell } from "./shells.ts";

export interface RunOptions {
  command?: string[];
  script?: string;
  /** In place of those. */
  steps?: RunSpec;
  runMs?: number;
  stopMs?: number;
  lingerMs?: number;
  env?: Record<string, string>;
  /** Those that it waits for; see {@link Box.give}. */
  secrets?: MaskedSecrets;
  /** How long it does. */
  bootMs?: number;
  /** User and group the runner has; the readers stay as they are. */
  uid?: number;
  cwd?: string;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}

export interface ReadOptions {
  stdoutOffset?: number;
  stderrOffset?: number;
  maxBytes?: number;
  waitSeconds?: number;
  knownFacts?: number;
  /** A change to the reader's script, to take something away from it. */
  script?: (text: string) => string;
}

export interface Gate {
  path: string;
  open(): void;
}

const MARK = "RUNNER_TEST_BOX";
/** The box's name in the environment of a process. */
const BOX_NAME = new RegExp(`(?:^|\\0)${MARK}=([^\\0]*)\\0`);
const boxes: Box[] = [];

/** Longer than any test waits; no test waits for it to pass. */
const LONG_MS = 600_000;

export class Box {
  readonly name: string;
  readonly shell: Shell;
  /** The runner's state directory. */
  readonly dir: string;
  private readonly files: string[] = [];
  private readonly fds: number[] = [];

  /** @param parent a directory below /tmp for the box's files; null puts them beside each other in /tmp */
  constructor(shell: Shell, parent: string | null = null) {
    this.shell = shell;
    this.name = `${parent === null ? "" : `${parent}/`}test-${randomBytes(6).toString("hex")}`;
    this.dir = `/tmp/.mayfly-${this.name}`;
    boxes.push(this);
  }

  /** A path for a file of the test's own. */
  path(name: string): string {
    const path = `${this.dir}.${name}`;
    this.files.push(path);
    return path;
  }

  /** Writes a file of the test's own. */
  write(name: string, text: string | Uint8Array, mode = 0o644): string {
    const path = this.path(name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  /** Makes a gate: a job that reads a line from its path goes on when it is opened, or was before. */
  gate(): Gate {
    const path = this.path(`gate${this.files.length}`);
    execFileSync("mkfifo", ["-m", "666", path]);
    const fd = openSync(path, "r+");
    this.fds.push(fd);
    return { path, open: () => writeSync(fd, "\n") };
  }

  /** Changes the runner's script before a run. */
  change(from: string, to: string): void {
    this.putFiles();
    const path = `${this.dir}/runner.sh`;
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Error(`the runner has no ${from}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }

  run(options: RunOptions): Running {
    const { steps = null, script = null, runMs = LONG_MS, stopMs = LONG_MS, lingerMs = LONG_MS } = options;
    const { secrets = null, bootMs = LONG_MS } = options;
    this.putFiles(script, secrets, steps);
    const ofSteps = steps && stepsCommand(this.name, steps);
    const command = ofSteps ? this.inShell(ofSteps) : (options.command ?? null);
    const runner = runnerCommand({ machineName: this.name, command, script, runMs, stopMs, lingerMs });
    const argv = secrets ? withSecrets(this.name, bootMs, [...this.shell.argv, ...runner.slice(1)]) : runner;
    const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
    return this.spawn(this.inShell(argv), { ...user, env: options.env, cwd: options.cwd });
  }

  /** Gives secrets that a run waits for, by a process for each call. */
  async give(secrets: MaskedSecrets): Promise<string[]> {
    const answers: string[] = [];
    for (const argv of giveCommands(this.name, secrets))
      answers.push((await this.spawn(this.inShell(argv)).ended).stdout);
    return answers;
  }

  async read(options: ReadOptions = {}): Promise<RunnerReply> {
    const reply = await this.tryRead(options);
    if ("problem" in reply) throw new Error(reply.problem);
    return reply;
  }

  async tryRead(options: ReadOptions = {}): Promise<RunnerReply | { problem: string }> {
    const { stdout } = await this.reader(options).ended;
    return parseReadReply(stdout);
  }

  /** A read as a process. */
  reader(options: ReadOptions = {}): Running {
    const { stdoutOffset = 0, stderrOffset = 0, maxBytes = 1 << 20, waitSeconds = 60, knownFacts } = options;
    const argv = readCommand({
      machineName: this.name,
      stdoutOffset,
      stderrOffset,
      maxBytes,
      waitSeconds,
      ...(knownFacts !== undefined && { knownFacts }),
    });
    if (options.script) {
      const path = argv[1] ?? "";
      argv[1] = this.write(`changed${this.files.length}.sh`, options.script(readFileSync(path, "utf8")));
    }
    return this.spawn(this.inShell(argv));
  }

  /** Reads until the command has ended and everything is read. Calls back with each reply and the offsets it was asked with. */
  async drain(
    maxBytes = 1 << 20,
    onReply: (reply: RunnerReply, asked: { stdoutOffset: number; stderrOffset: number }) => void = () => {},
  ): Promise<RunnerReply> {
    const parts: { stdout: Uint8Array[]; stderr: Uint8Array[] } = { stdout: [], stderr: [] };
    let [stdoutOffset, stderrOffset] = [0, 0];
    while (true) {
      const reply = await this.read({ stdoutOffset, stderrOffset, maxBytes });
      onReply(reply, { stdoutOffset, stderrOffset });
      parts.stdout.push(reply.stdout);
      parts.stderr.push(reply.stderr);
      stdoutOffset += reply.stdout.length;
      stderrOffset += reply.stderr.length;
      const whole = stdoutOffset === reply.stdoutSize && stderrOffset === reply.stderrSize;
      if (reply.end !== null && whole)
        return { ...reply, stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr) };
    }
  }

  /** Pids of the box's processes. */
  pids(): number[] {
    return pidsByBox([this]).get(this) ?? [];
  }

  /** Those of them in which a text stands: in their memory, where their arguments and environment are, too. */
  holding(text: string): string[] {
    return this.pids()
      .filter((pid) => memoryOf(pid).includes(text))
      .map(commandLineOf);
  }

  /** The runner's folders that there are. */
  folders(): string[] {
    return [this.dir, `${this.dir}.own`, `${this.dir}.secrets`].filter((path) => existsSync(path));
  }

  /** Command lines of the box's processes. */
  commandLines(): string[] {
    return this.pids().map(commandLineOf);
  }

  /** How many of the box's processes belong to reads. */
  readers(): number {
    return this.pids().filter((pid) => commandLineOf(pid).includes(` read ${this.dir} `)).length;
  }

  /** Settles once the runner has made its record. */
  started(): Promise<void> {
    return until(() => (statSync(`${this.dir}/state`, { throwIfNoEntry: false })?.size ?? 0) > 0);
  }

  /** Settles once so many readers wait. */
  waiting(count: number): Promise<void> {
    return until(() => this.state().filter((name) => name.startsWith("wake.")).length === count);
  }

  /** Settles once this reader waits. */
  waits(reader: Running): Promise<void> {
    return until(() => this.state().includes(`wake.${reader.child.pid}`));
  }

  /** Names in the state directory, or in the one of a user who may not write there. */
  state(): string[] {
    const dir = [`${this.dir}.own`, this.dir].find((each) => existsSync(each));
    return dir === undefined ? [] : readdirSync(dir);
  }

  /** Puts the files of a run in place, once. */
  putFiles(
    script: string | null = null,
    secrets: MaskedSecrets | null = null,
    steps: RunSpec | null = null,
  ): void {
    const others = [
      ...(secrets ? secretFiles(this.name, secrets) : []),
      ...(steps ? stepFiles(this.name, steps).map((file) => this.withShell(file)) : []),
    ];
    for (const file of [...runnerFiles(this.name, script), ...others]) {
      if (existsSync(file.path)) continue;
      mkdirSync(dirname(file.path), { recursive: true });
      writeFileSync(file.path, file.base64, "base64");
      chmodSync(file.path, file.mode);
      this.files.push(file.path);
    }
  }

  remove(): void {
    for (const fd of this.fds) closeSync(fd);
    for (const path of [this.dir, `${this.dir}.own`, `${this.dir}.secrets`, ...this.files])
      rmSync(path, { recursive: true, force: true });
  }

  /** Steps are run in the shell of the box, too. */
  private withShell(file: SpecFile): SpecFile {
    if (!file.path.endsWith("/steps.sh")) return file;
    const text = Buffer.from(file.base64, "base64").toString();
    const changed = text.replace(
      "exec /bin/sh -e",
      `exec ${pathOf(this.shell.argv[0] ?? "")} ${this.shell.argv.slice(1).join(" ")} -e`,
    );
    if (changed === text) throw new Error("the steps program does not become a shell any more");
    return { ...file, base64: Buffer.from(changed).toString("base64") };
  }

  private inShell(argv: string[]): string[] {
    return [...this.shell.argv, ...argv.slice(1)];
  }

  /** Starts a process in the box, in a process group of its own as a Machine's. */
  spawn(
    argv: string[],
    options: {
      env?: Record<string, string> | undefined;
      cwd?: string | undefined;
      uid?: number;
      gid?: number;
    } = {},
  ): Running {
    const [program = "", ...rest] = argv;
    const env = { ...(options.env ?? { PATH: process.env.PATH }), [MARK]: this.name };
    const argv0 = program === this.shell.argv[0] ? this.shell.argv0 : undefined;
    const child = spawn(program, rest, {
      ...options,
      env,
      argv0,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (data) => stdout.push(data));
    child.stderr.on("data", (data) => stderr.push(data));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) =>
        resolve({
          code,
          signal,
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        }),
      );
    });
    return { child, ended };
  }
}

/** Found before a run has a PATH of its own. */
function pathOf(program: string): string {
  return execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
}

/** How many processes every box of the test has together. */
export function countProcesses(): number {
  return [...pidsByBox(boxes).values()].flat().length;
}

/** Ends what is left of every box. Gives the command lines of what was left, which should be none. */
export function clearBoxes(): string[] {
  const left: string[] = [];
  const cleared = boxes.splice(0);
  const pids = pidsByBox(cleared);
  for (const box of cleared) {
    for (const pid of pids.get(box) ?? []) {
      left.push(commandLineOf(pid));
      process.kill(pid, "SIGKILL");
    }
    box.remove();
  }
  return left;
}

/** Looks again until something is so. For what tells nobody when it happens; a test's own time limit bounds it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The processes of several boxes, in one look at all of the computer's: a test may have a hundred boxes. */
function pidsByBox(asked: readonly Box[]): Map<Box, number[]> {
  const byName = new Map(asked.map((box) => [box.name, box]));
  const found = new Map<Box, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const name = BOX_NAME.exec(environmentOf(Number(entry)))?.[1] ?? "";
    const box = byName.get(name);
    if (box !== undefined) found.set(box, [...(found.get(box) ?? []), Number(entry)]);
  }
  return found;
}

/** Empty for a process that is gone or dead. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}

/** All that a process could read of itself, but for what the kernel keeps to itself. Empty for a process that is gone or dead. */
function memoryOf(pid: number): Buffer {
  const parts: Buffer[] = [];
  try {
    const fd = openSync(`/proc/${pid}/mem`, "r");
    for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      if (from === undefined || to === undefined) continue;
      const part = Buffer.alloc(Number.parseInt(to, 16) - Number.parseInt(from, 16));
      readSync(fd, part, 0, part.length, Number.parseInt(from, 16));
      parts.push(part);
    }
    closeSync(fd);
  } catch (error) {
    if (!["ENOENT", "ESRCH", "EIO"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
  return Buffer.concat(parts);
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

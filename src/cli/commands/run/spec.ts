/** From the options of `mayfly run` to the spec that is sent, with the files of this computer read. */

import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import type { RunSpecInput } from "../../../api/spec-schema.ts";
import { FILES_MAX_BYTES } from "../../../core/limits.ts";
import { UsageError } from "../../cli-error.ts";
import type { Io } from "../../io.ts";
import { plain } from "../../plain.ts";
import type { FileOption, RunOptions, SpecOptions } from "./options.ts";
import { queueOf } from "./queue-options.ts";
import { checkRetries, retryOf } from "./retry-options.ts";

type SpecIo = Pick<Io, "env" | "cwd" | "stdin">;
type SpecFileInput = NonNullable<RunSpecInput["files"]>[number];

/** @throws UsageError for a file that can not be read, a variable that is not set here, or rules for retries that there are not */
export async function specOf(options: RunOptions, io: SpecIo): Promise<RunSpecInput> {
  checkRetries(options);
  return { image: options.image, ...(await partOf(options, io)) };
}

/** What the options say of a spec, which need not be a whole one. @throws UsageError likewise */
export async function partOf(
  options: SpecOptions & Partial<Pick<RunOptions, "capture">>,
  io: SpecIo,
): Promise<Omit<RunSpecInput, "image">> {
  const { size, cpuKind, cpus, memoryMb } = options;
  return {
    command: options.command.length > 0 ? options.command : undefined,
    script: options.script === undefined ? undefined : await scriptText(options.script, io),
    env: Object.fromEntries(options.env.map(([name, value]) => [name, value ?? fromHere(name, io.env)])),
    secrets: options.secrets.length > 0 ? Object.fromEntries(options.secrets) : undefined,
    files: await filesOf(options.files, io.cwd),
    machine: { size, cpu_kind: cpuKind, cpus, memory_mb: memoryMb },
    regions: options.regions,
    timeouts: { run: options.timeout },
    retry: retryOf(options),
    capture: options.capture,
    name: options.name,
    tags: options.tags,
    ...queueOf(options),
  };
}

/** What the options change of a spec: lists take the place of its own, so empty ones are not sent. @throws UsageError likewise */
export async function changesOf(
  options: SpecOptions & Partial<Pick<RunOptions, "image" | "capture">>,
  io: SpecIo,
): Promise<Partial<RunSpecInput>> {
  const { files = [], regions = [], ...changes } = await partOf(options, io);
  return {
    image: options.image,
    ...changes,
    ...(files.length > 0 && { files }),
    ...(regions.length > 0 && { regions }),
  };
}

function fromHere(name: string, env: Io["env"]): string {
  const value = env[name];
  if (value === undefined)
    throw new UsageError(`--env ${plain(name)}: it is not set here`, `give --env ${plain(name)}=value`);
  return value;
}

async function scriptText(path: string, io: Pick<Io, "cwd" | "stdin">): Promise<string> {
  const bytes =
    path === "-"
      ? await buffer(io.stdin)
      : await readFile(resolve(io.cwd, path)).catch(unreadable("--script", path));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`--script ${plain(path)}: it is not UTF-8 text`);
  }
}

async function filesOf(files: FileOption[], cwd: string): Promise<SpecFileInput[]> {
  let left = FILES_MAX_BYTES;
  const read: SpecFileInput[] = [];
  for (const { guest, local } of files) {
    const path = resolve(cwd, local);
    const { size, mode } = await stat(path).catch(unreadable("--file", local));
    left -= size;
    if (left < 0)
      throw new UsageError(`--file ${plain(local)}: files can be at most ${FILES_MAX_BYTES} bytes together`);
    const bytes = await readFile(path).catch(unreadable("--file", local));
    read.push({ path: guest, base64: bytes.toString("base64"), mode: mode & 0o100 ? "0755" : "0644" });
  }
  return read;
}

function unreadable(option: string, path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    const reason = {
      ENOENT: "there is no such file",
      EACCES: "it may not be read",
      EISDIR: "it is a directory",
    }[error.code ?? ""];
    throw new UsageError(`${option} ${plain(path)}: ${reason ?? error.message}`);
  };
}

/** The files that a command line names, as the jobs that they define together. */

import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { COMPLAINTS_TOLD_MAX, JOBS_FILE_MAX_BYTES } from "../../../core/limits.ts";
import type { FileComplaint } from "../../../jobs-file/complaint.ts";
import type { FileJob, JobsFile } from "../../../jobs-file/read.ts";
import { CliError, UsageError } from "../../cli-error.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";

const USUAL = ["mayfly.yaml", "mayfly.yml"];
const ENDING = /\.ya?ml$/;

export interface ReadFiles {
  files: JobsFile[];
  jobs: FileJob[];
}

/** What files are read with. */
type Place = Pick<Io, "cwd" | "stdin">;
type Reading = Place & Pick<Io, "stderr" | "now">;

/**
 * @param paths of files and folders, "-" for stdin; none for mayfly.yaml here
 * Tells what is right and may not be meant, too, on stderr.
 * @throws CliError once all that is wrong in them is told, UsageError where one can not be read
 */
export async function readFiles(paths: string[], io: Reading): Promise<ReadFiles> {
  // Loaded on demand: no other command needs schemas.
  const { readJobsFile } = await import("../../../jobs-file/read.ts");
  const complaints: FileComplaint[] = [];
  const files: JobsFile[] = [];
  for (const path of await filesOf(paths, io)) {
    const read = readJobsFile(await textOf(path, io), path === "-" ? "stdin" : path, io.now());
    if ("complaints" in read) complaints.push(...read.complaints);
    else files.push(read);
  }
  const jobs = files.flatMap((file) => file.jobs);
  complaints.push(...twice(jobs));
  if (complaints.length > 0) {
    await write(io.stderr, bounded(complaints.map((complaint) => line(complaint))));
    throw new CliError(complaints.length === 1 ? "this is wrong" : `these ${complaints.length} are wrong`);
  }
  await write(io.stderr, noted(files.flatMap(({ notes }) => notes)));
  return { files, jobs };
}

/** What is right and may not be meant, a line each. */
export function noted(notes: FileComplaint[]): string {
  return bounded(notes.map((note) => line(note, "note: ")));
}

function bounded(lines: string[]): string {
  const more = lines.length - COMPLAINTS_TOLD_MAX;
  const told = lines.slice(0, COMPLAINTS_TOLD_MAX).join("");
  return more > 0 ? `${told}and ${more} more\n` : told;
}

/** A job is one file's. */
function twice(jobs: FileJob[]): FileComplaint[] {
  const first = new Map<string, FileJob>();
  return jobs.flatMap((job) => {
    const other = first.get(job.name);
    first.set(job.name, other ?? job);
    if (other === undefined) return [];
    const message = `is defined in ${other.file}:${other.line}, too`;
    return [{ file: job.file, line: job.line, column: 1, path: `jobs.${job.name}`, message }];
  });
}

function line({ file, line, column, path, message }: FileComplaint, kind = ""): string {
  const sentence = `${kind}${path === null ? message : `${path}: ${message}`}`;
  return `${plain(file)}:${line}:${column}: ${plain(sentence)}\n`;
}

/** Those of a folder are its own files that end in .yaml or .yml, by name. */
async function filesOf(paths: string[], io: Place): Promise<string[]> {
  if (paths.length === 0) return [await usual(io)];
  const files = await Promise.all(
    paths.map(async (path) => {
      const known = path === "-" ? null : await stat(resolve(io.cwd, path)).catch(notReadable(path));
      if (!known?.isDirectory()) return [path];
      const names = (await readdir(resolve(io.cwd, path))).filter((name) => ENDING.test(name)).sort();
      if (names.length === 0)
        throw new UsageError(`${plain(path)}: there are no files in it that end in .yaml or .yml`);
      return names.map((name) => join(path, name));
    }),
  );
  return [...new Set(files.flat())];
}

async function usual({ cwd }: Place): Promise<string> {
  for (const name of USUAL) if (await stat(join(cwd, name)).catch(() => null)) return name;
  throw new UsageError(`there is no ${USUAL[0]} here`, "name the files, or folders of them");
}

/** @throws UsageError where it can not be read, or is no text */
export async function textOf(path: string, io: Place): Promise<string> {
  const bytes = path === "-" ? await buffer(io.stdin) : await fileBytes(path, io);
  if (bytes.byteLength > JOBS_FILE_MAX_BYTES)
    throw new UsageError(`${plain(path)}: it can have at most ${JOBS_FILE_MAX_BYTES} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${plain(path)}: it is not UTF-8 text`);
  }
}

async function fileBytes(path: string, io: Place): Promise<Uint8Array> {
  const whole = resolve(io.cwd, path);
  const { size } = await stat(whole).catch(notReadable(path));
  if (size > JOBS_FILE_MAX_BYTES)
    throw new UsageError(`${plain(path)}: it can have at most ${JOBS_FILE_MAX_BYTES} bytes`);
  return readFile(whole).catch(notReadable(path));
}

function notReadable(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw new UsageError(
      `${plain(path)}: ${error.code === "ENOENT" ? "there is no such file" : plain(error.message)}`,
    );
  };
}

/**
 * What the main processes of Machines write, line by line, and how they ended: the newest of each Machine and of each app. It
 * is read from memory, and on disk a moment later, so that a restart of the server finds all but the last moment of it.
 */

import {
  LOG_APP_MAX_BYTES,
  LOG_KEEP_MS,
  LOG_KEPT_MS,
  LOG_MACHINE_BYTES_PER_S,
  LOG_MACHINE_MAX_BYTES,
} from "../limits.ts";
import type { Machine } from "../machines/machine.ts";
import { signalName } from "../machines/signals.ts";
import type { ProcessExit } from "../processes/level.ts";
import type { KeptLogs } from "./kept-logs.ts";
import { Lines } from "./lines.ts";

export interface LogEntry {
  /** Unix nanoseconds, of which each line of an app has its own: the cursor of reading on. */
  readonly at: bigint;
  readonly message: string;
  readonly stream: "stdout" | "stderr";
  readonly machine: string;
  readonly region: string;
}

export interface LogFilter {
  /** After this entry. */
  readonly after: bigint | null;
  readonly machine: string | null;
  readonly region: string | null;
}

/** What an entry takes beside its text, about. */
const ENTRY_BYTES = 200;

interface AppLog {
  entries: LogEntry[];
  bytes: number;
  readonly bytesOf: Map<string, number>;
  /** What is newer is in memory alone. */
  keptUntil: bigint;
  /** Of whom lines were dropped that the disk still has: Machines, or with null everybody. */
  readonly thinned: Set<string | null>;
}

/** Takes what a Machine writes during one start. */
export interface LogWriter {
  /** @param process which of its main processes wrote it, so that each has whole lines. Default: the first */
  write(stream: "stdout" | "stderr", bytes: Uint8Array, process?: number): void;
  /** Ends it with the line that Fly's init writes then; flyctl ends its following of a release command by it. */
  end(exit: ProcessExit): void;
}

export class Logs {
  readonly #now: () => number;
  readonly #kept: KeptLogs | null;
  readonly #apps = new Map<string, AppLog>();
  /** Apps of which the disk has not all, or has more. */
  readonly #unkept = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #last: bigint;

  /** @param kept null: all is forgotten with this process */
  constructor(now: () => number, kept: KeptLogs | null = null) {
    this.#now = now;
    this.#kept = kept;
    this.#last = kept?.newest() ?? 0n;
  }

  writer(machine: Machine): LogWriter {
    const begun = new Map<number, Record<"stdout" | "stderr", Lines>>();
    const linesOf = (process: number) => {
      const lines = begun.get(process) ?? {
        stdout: new Lines((line) => this.#add(machine, "stdout", line)),
        stderr: new Lines((line) => this.#add(machine, "stderr", line)),
      };
      begun.set(process, lines);
      return lines;
    };
    const endLines = () => {
      for (const { stdout, stderr } of begun.values()) {
        stdout.end();
        stderr.end();
      }
    };
    let second = performance.now();
    let taken = 0;
    let dropped = 0;
    let isOver = false;
    const sayDropped = () => {
      if (dropped > 0)
        this.#add(machine, "stdout", ` WARN ${dropped} bytes of output left out: too many at once`);
      dropped = 0;
    };
    return {
      write: (stream, bytes, process = 0) => {
        // Of somebody that the main process left behind, on the way to being killed.
        if (isOver) return;
        const now = performance.now();
        if (now - second > 1000) {
          second = now;
          taken = 0;
          sayDropped();
        }
        taken += bytes.length;
        if (taken <= LOG_MACHINE_BYTES_PER_S) return linesOf(process)[stream].push(bytes);
        // What was begun has lost its end.
        if (dropped === 0) endLines();
        dropped += bytes.length;
      },
      end: (exit) => {
        isOver = true;
        sayDropped();
        endLines();
        this.#add(machine, "stdout", lastWords(exit));
      },
    };
  }

  /** Nothing of the Machine ran that could have said it. */
  startFailed(machine: Machine, reason: string): void {
    for (const line of reason.split("\n"))
      this.#add(machine, "stdout", ` ERROR could not be started: ${line}`);
  }

  /** The newest `count`, or the first `count` after a cursor; oldest first. */
  read(app: string, filter: LogFilter, count: number): LogEntry[] {
    const { after, machine, region } = filter;
    const found = this.#of(app).entries.filter(
      (entry) =>
        (after === null || entry.at > after) &&
        (machine === null || entry.machine === machine) &&
        (region === null || entry.region === region),
    );
    return after === null ? found.slice(-count) : found.slice(0, count);
  }

  /** A cursor that all that is written from now on comes after, and nothing else. */
  cursor(): bigint {
    const now = BigInt(this.#now()) * 1_000_000n;
    if (now > this.#last) this.#last = now;
    return this.#last;
  }

  forget(app: string): void {
    this.#apps.delete(app);
    this.#unkept.delete(app);
    this.#kept?.drop(app, null, this.cursor() + 1n);
  }

  /** What one Machine of an app wrote. */
  forgetMachine(app: string, machine: string): void {
    const log = this.#of(app);
    const entries = log.entries.filter((entry) => entry.machine !== machine);
    if (entries.length === log.entries.length) return;
    this.#apps.set(app, { ...logOf(entries, log.keptUntil), thinned: log.thinned.add(machine) });
    this.#keepSoon(app);
  }

  /** Drops what is older than Fly keeps it. */
  sweep(): void {
    const before = BigInt(this.#now() - LOG_KEPT_MS) * 1_000_000n;
    this.#kept?.dropAll(before);
    for (const [app, log] of this.#apps) {
      const entries = log.entries.filter(({ at }) => at >= before);
      if (entries.length < log.entries.length)
        this.#apps.set(app, { ...logOf(entries, log.keptUntil), thinned: log.thinned });
    }
  }

  /** Brings to the disk what is not there yet. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#keep();
  }

  #of(app: string): AppLog {
    const known = this.#apps.get(app);
    if (known !== undefined) return known;
    const entries = this.#kept?.read(app) ?? [];
    const log = logOf(entries, entries.at(-1)?.at ?? 0n);
    if (entries.length > 0) this.#apps.set(app, log);
    return log;
  }

  #add(machine: Machine, stream: "stdout" | "stderr", message: string): void {
    const { app, id, region } = machine;
    const log = this.#of(app);
    this.#apps.set(app, log);
    this.#last = this.cursor() + 1n;
    log.entries.push({ at: this.#last, message, stream, machine: id, region });
    count(log, id, ENTRY_BYTES + message.length);
    if ((log.bytesOf.get(id) ?? 0) > LOG_MACHINE_MAX_BYTES) drop(log, id);
    if (log.bytes > LOG_APP_MAX_BYTES) drop(log, null);
    this.#keepSoon(app);
  }

  #keepSoon(app: string): void {
    if (this.#kept === null) return;
    this.#unkept.add(app);
    this.#timer ??= setTimeout(() => this.#keep(), LOG_KEEP_MS).unref();
  }

  #keep(): void {
    this.#timer = null;
    for (const app of this.#unkept) {
      try {
        if (this.#kept !== null) keep(this.#kept, app, this.#of(app));
        this.#unkept.delete(app);
      } catch (error) {
        // A full disk: the next line written is the next try, or else the end, and machines go on.
        console.error(`the logs of app ${app} can not be kept: ${(error as Error).message}`);
      }
    }
  }
}

function keep(kept: KeptLogs, app: string, log: AppLog): void {
  const { entries, thinned } = log;
  for (const machine of thinned) {
    const oldest = entries.find((entry) => machine === null || entry.machine === machine);
    kept.drop(app, machine, oldest?.at ?? log.keptUntil + 1n);
  }
  thinned.clear();
  kept.keep(app, entries.slice(entries.findLastIndex(({ at }) => at <= log.keptUntil) + 1));
  log.keptUntil = entries.at(-1)?.at ?? log.keptUntil;
}

function logOf(entries: LogEntry[], keptUntil: bigint): AppLog {
  const log: AppLog = { entries, bytes: 0, bytesOf: new Map(), keptUntil, thinned: new Set() };
  for (const { machine, message } of entries) count(log, machine, ENTRY_BYTES + message.length);
  return log;
}

function count(log: AppLog, machine: string, bytes: number): void {
  log.bytes += bytes;
  const total = (log.bytesOf.get(machine) ?? 0) + bytes;
  if (total > 0) log.bytesOf.set(machine, total);
  else log.bytesOf.delete(machine);
}

/** Drops the older half of a Machine's lines, or of all: seldom, as each time costs a pass over the app's. */
function drop(log: AppLog, machine: string | null): void {
  const total = machine === null ? log.bytes : (log.bytesOf.get(machine) ?? 0);
  let freed = 0;
  log.thinned.add(machine);
  log.entries = log.entries.filter((entry) => {
    if (freed * 2 > total || (machine !== null && entry.machine !== machine)) return true;
    const bytes = ENTRY_BYTES + entry.message.length;
    freed += bytes;
    count(log, entry.machine, -bytes);
    return false;
  });
}

function lastWords({ code, signal }: ProcessExit): string {
  return signal === null
    ? ` INFO Main child exited normally with code: ${code}`
    : ` INFO Main child exited with signal (with signal '${signalName(signal)}', core dumped? false)`;
}

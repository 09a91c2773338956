/** The runner in a simulated machine, as far as the driver can tell: its limits, its signals and its replies. */

import type { Scheduler, Timer } from "../scheduler.ts";
import type { Command } from "./command.ts";

export class Runner {
  readonly command: Command;
  readonly #time: Scheduler;
  readonly #stopMs: number;
  readonly #lingerMs: number;
  readonly #readers = new Set<() => void>();
  #limit: Timer | null;
  #stops = 0;
  timedOut = false;
  /** Called when it lets its machine go. */
  onExit: (code: number) => void = () => {};

  /** @param argv what `runnerCommand` of the core made: "/bin/sh", its path, "run", its folder, three limits in seconds, the job */
  constructor(argv: string[], command: Command, time: Scheduler) {
    const [runMs = 0, stopMs = 0, lingerMs = 0] = argv.slice(4, 7).map((seconds) => Number(seconds) * 1000);
    this.command = command;
    this.#time = time;
    this.#stopMs = stopMs;
    this.#lingerMs = lingerMs;
    this.#limit = time.after(runMs, () => this.#limitPassed(true));
    command.onNews = () => this.#news();
  }

  signal(name: string): void {
    const { end } = this.command;
    if (name === "SIGUSR1" && end !== null) this.#exit();
    else if (name === "SIGUSR1") this.command.kill(10);
    else if (name === "SIGTERM" && end === null) {
      this.command.terminate();
      this.#stops += 1;
      if (this.#stops === 1) this.#limitIn(this.#stopMs);
    }
  }

  /**
   * Answers a read once there is something to tell, or after its wait.
   * @param argv what `readCommand` of the core made
   * @returns a function that gives the read up
   */
  read(argv: string[], answer: (reply: string) => void): () => void {
    const [fromOut = 0, fromErr = 0, maxBytes = 0, waitSeconds = 0] = argv.slice(4).map(Number);
    const { stdout, stderr } = this.command.output;
    if (fromOut > stdout.length || fromErr > stderr.length) {
      answer(`mayfly 1 problem offsets ${fromOut} and ${fromErr} are beyond the streams\n`);
      return () => {};
    }
    const hasNews = () =>
      this.command.end !== null ||
      this.command.output.stdout.length > fromOut ||
      this.command.output.stderr.length > fromErr;
    const tell = () => {
      stop();
      answer(this.#reply(fromOut, fromErr, maxBytes));
    };
    const look = () => {
      if (hasNews()) tell();
    };
    const timer = this.#time.after(waitSeconds * 1000, tell);
    const stop = () => {
      timer.cancel();
      this.#readers.delete(look);
    };
    this.#readers.add(look);
    look();
    return stop;
  }

  /** Its machine is gone, and with it all that it would still have done. */
  vanish(): void {
    this.#limit?.cancel();
    this.onExit = () => {};
  }

  #reply(fromOut: number, fromErr: number, maxBytes: number): string {
    const { output, end } = this.command;
    const [outLength, errLength] = shares(
      output.stdout.length - fromOut,
      output.stderr.length - fromErr,
      maxBytes,
    );
    const facts = end
      ? `ended ${output.stdout.length} ${output.stderr.length} ${end.code} ${this.timedOut ? 1 : 0} ${end.oomKilled ? 1 : 0} 0`
      : `running ${output.stdout.length} ${output.stderr.length} 0 0 0 0`;
    const late = end !== null && this.#time.now() - end.at > 2000;
    const at = late ? Math.floor(end.at / 1000) : "-";
    const encoded = (bytes: Uint8Array, from: number, length: number) =>
      Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString("base64");
    return `mayfly 1 ${facts} ${at} base64 ${outLength} ${errLength}\n\n${encoded(output.stdout, fromOut, outLength)}.\n${encoded(output.stderr, fromErr, errLength)}.\n`;
  }

  #news(): void {
    if (this.command.end !== null) {
      this.#limit?.cancel();
      this.#limit = this.#time.after(this.#lingerMs, () => this.#exit());
    }
    for (const look of [...this.#readers]) look();
  }

  #limitIn(ms: number): void {
    this.#limit?.cancel();
    this.#limit = this.#time.after(ms, () => this.#limitPassed(false));
  }

  #limitPassed(runLimit: boolean): void {
    this.#stops += 1;
    if (this.#stops > 1) this.command.kill();
    else {
      this.timedOut = runLimit;
      this.command.terminate();
      this.#limitIn(this.#stopMs);
    }
  }

  #exit(): void {
    this.#limit?.cancel();
    this.onExit(this.command.end?.code ?? 0);
  }
}

/** As the runner shares them: a stream under half of the room is told in full. */
function shares(out: number, err: number, max: number): [number, number] {
  if (out + err <= max) return [out, err];
  const half = Math.floor(max / 2);
  if (out <= half) return [out, max - out];
  const errShare = Math.min(err, half);
  return [max - errShare, errShare];
}

/**
 * The wait for secrets in a simulated machine, in front of its runner, as the script of `core/secret-giving.ts` does it: lines come
 * by exec, twice and in any order, until all are there; put together with the machine's pad they are its command's environment.
 */

import type { WireConfig } from "../../../src/fly/wire.ts";
import type { Scheduler, Timer } from "../scheduler.ts";

export type Environment = Record<string, string>;

/** What the script says to whoever gave it lines, or to who came too early. */
const GIVEN = "mayfly 1 given\n";
const NOBODY_WAITS = "mayfly 1 problem nobody waits for secrets in here\n";
/** The shell says it to stderr. */
const NO_SUCH_FILE = "";
const NO_ONE_CAME = 125;

export class SecretDoor {
  /** All has come. */
  isOpen = false;
  /** The lines that came, as whoever lists processes could read them. */
  readonly calls: string[] = [];
  /** Called once with what the command is given. */
  onOpen: (environment: Environment) => void = () => {};
  /** Called with an exit code where it ends before. */
  onEnd: (code: number) => void = () => {};
  readonly #paths: (string | undefined)[];
  readonly #pad: number[][];
  readonly #parts = new Map<number, number[]>();
  readonly #timer: Timer;
  readonly #readyAt: number;
  readonly #time: Scheduler;

  /** @param argv what `withSecrets` of the core made: "/bin/sh", its path, "wait", its folder, seconds, the runner's */
  constructor(argv: string[], { files = [] }: WireConfig, readyMs: number, time: Scheduler) {
    const pad = files.find(({ guest_path }) => guest_path === `${argv[3]}/pad`)?.raw_value ?? "";
    this.#paths = files.map(({ guest_path }) => guest_path);
    this.#pad = numbersIn(Buffer.from(pad, "base64").toString());
    this.#time = time;
    this.#readyAt = time.now() + readyMs;
    this.#timer = time.after(Number(argv[4]) * 1000, () => this.#end(NO_ONE_CAME));
  }

  /** @param argv what `giveCommands` of the core made: "/bin/sh", "-c", what to do, the script's path, "give", its folder, lines */
  give(argv: string[]): string {
    if (!this.#paths.includes(argv[3])) return NO_SUCH_FILE;
    if (this.#time.now() < this.#readyAt) return NOBODY_WAITS;
    for (const line of argv.slice(6)) {
      this.calls.push(line);
      this.#take(line);
    }
    return GIVEN;
  }

  /** No signal but those that end it. */
  signal(code: number): void {
    if (!this.isOpen) this.#end(128 + code);
  }

  /** Its machine is gone. */
  vanish(): void {
    this.#timer.cancel();
    this.onOpen = () => {};
    this.onEnd = () => {};
  }

  #take(line: string): void {
    if (this.isOpen) return;
    const [number = 0, all = 0, ...bytes] = line.split(" ").map(Number);
    this.#parts.set(number, bytes);
    if (this.#parts.size < all) return;
    this.isOpen = true;
    this.#timer.cancel();
    this.onOpen(environmentOf(this.#pad, this.#parts));
  }

  #end(code: number): void {
    this.#timer.cancel();
    this.onEnd(code);
  }
}

function numbersIn(text: string): number[][] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
}

function environmentOf(pad: number[][], parts: Map<number, number[]>): Environment {
  const bytes = pad.flatMap((line, index) => {
    const masked = parts.get(index + 1) ?? [];
    return line.map((byte, at) => byte ^ (masked[at] ?? 0));
  });
  const pairs = Buffer.from(bytes).toString().replace(/\0+$/, "").split("\0");
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
}

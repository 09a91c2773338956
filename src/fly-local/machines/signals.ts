/** Signals by name or number, as clients send them (fly-go sends SIGKILL as 9). */

import { constants } from "node:os";

/** What POST stop takes (Fly's OpenAPI document). */
const STOP = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM"];
/** What POST signal takes besides. */
const MORE = ["SIGABRT", "SIGALRM", "SIGFPE", "SIGILL", "SIGPIPE", "SIGSEGV", "SIGTRAP"];

/** @returns the signal's name, or null where stop takes no such signal */
export function stopSignal(value: unknown): NodeJS.Signals | null {
  return known(value, STOP);
}

/** @returns the signal's name, or null where POST signal takes no such signal */
export function anySignal(value: unknown): NodeJS.Signals | null {
  return known(value, [...STOP, ...MORE]);
}

export function signalNumber(name: NodeJS.Signals): number {
  return constants.signals[name];
}

/** "SIGTERM" for 15; a number without a name is given back. */
export function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? String(number);
}

function known(value: unknown, names: readonly string[]): NodeJS.Signals | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const text = String(value).toUpperCase();
  const name = /^\d+$/.test(text)
    ? names.find((candidate) => signalNumber(candidate as NodeJS.Signals) === Number(text))
    : names.find((candidate) => candidate === text || candidate === `SIG${text}`);
  return (name as NodeJS.Signals | undefined) ?? null;
}

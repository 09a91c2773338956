/** What the driver and the runner say to each other: the runner's files, its command lines and its replies. */

import { BASE64, encodeBase64 } from "./base64.ts";
import { STEP_FACTS_MAX } from "./limits.ts";
import type { Exit } from "./run.ts";
import type { SpecFile } from "./run-spec.ts";
import { RUNNER_SCRIPT } from "./runner.ts";
import { signalOfCode } from "./signals.ts";
import type { StepFact, StepsRead } from "./step/record.ts";
import { utf8 } from "./utf8.ts";

export interface RunnerCommandParams {
  machineName: string;
  /** Null where `script` is given. */
  command: string[] | null;
  /** Run by `sh`; see {@link runnerFiles}. Null where `command` is given. */
  script: string | null;
  /** Time limits, rounded up to whole seconds: not every `sleep` knows fractions. */
  runMs: number;
  stopMs: number;
  lingerMs: number;
}

export interface ReadCommandParams {
  machineName: string;
  /** Bytes of each stream that are stored already. */
  stdoutOffset: number;
  stderrOffset: number;
  /** At most so many bytes of both streams together; 0 asks for sizes and state alone. */
  maxBytes: number;
  /** How long to wait for news, in whole seconds; with 0 only for the moment that a short command needs to end. */
  waitSeconds: number;
  /** Of a run of steps: facts of them that are known already. Left out, none are told. */
  knownFacts?: number;
}

/** What a read found. */
export interface RunnerReply {
  /** Sizes so far; after the end they are final. */
  stdoutSize: number;
  stderrSize: number;
  /** The bytes from the asked offsets on. */
  stdout: Uint8Array;
  stderr: Uint8Array;
  /** Null while the command runs. */
  end: RunnerEnd | null;
  /** Absent where they were not asked for, or the Machine's runner is of before there were steps. */
  steps?: StepsRead;
}

/** How the command ended. */
export interface RunnerEnd {
  /** `code` is the shell's: 128 and the signal's number where a signal ended the command. */
  exit: Exit;
  /** The runner stopped the command because the run limit passed. */
  timedOut: boolean;
  /** Why there was no command to run, as a sentence; null where there was one. */
  commandMissing: string | null;
  /** True where the Machine's disk had no room for all of the output. */
  outputLost: boolean;
  /** Epoch milliseconds, by the Machine's clock, to the second; null where the runner did not write it yet. */
  at: number | null;
}

/** The files a Machine under the runner needs: the runner itself and the job's script, readable for any user. */
export function runnerFiles(machineName: string, script: string | null): SpecFile[] {
  const runner = { path: runnerPath(machineName), base64: runnerBase64(), mode: 0o644 };
  return script === null
    ? [runner]
    : [runner, { path: scriptPath(machineName), base64: encodeBase64(utf8(script)), mode: 0o644 }];
}

/** What takes the place of the image's entrypoint. */
export function runnerCommand(params: RunnerCommandParams): string[] {
  const { machineName, command, script } = params;
  const limits = [params.runMs, params.stopMs, params.lingerMs].map((ms) => String(Math.ceil(ms / 1000)));
  const job = jobCommand(machineName, command, script);
  return ["/bin/sh", runnerPath(machineName), "run", stateDir(machineName), ...limits, ...job];
}

/** The job itself: its command, or the shell with its script. The shell is the runner's own, whatever the PATH. */
export function jobCommand(machineName: string, command: string[] | null, script: string | null): string[] {
  return script === null ? (command ?? []) : ["/bin/sh", scriptPath(machineName)];
}

/** An exec whose stdout {@link parseReadReply} understands. */
export function readCommand(params: ReadCommandParams): string[] {
  const { machineName, stdoutOffset, stderrOffset, maxBytes, waitSeconds, knownFacts } = params;
  const asked = [stdoutOffset, stderrOffset, maxBytes, waitSeconds];
  const numbers = (knownFacts === undefined ? asked : [...asked, knownFacts]).map(String);
  return ["/bin/sh", runnerPath(machineName), "read", stateDir(machineName), ...numbers];
}

/** Lets the runner exit with the command's own exit code, once a read has told the end. Before, it is the command's. */
export const RELEASE_SIGNAL = "SIGUSR1";

/**
 * Understands a reply: a line of facts, a line for the sentence about a missing command, and the bytes of each stream,
 * encoded, with a line "." behind them. Bytes in form `text` are as they are, with "." and a line end behind so many of them
 * as the facts announce, whatever they look like. Behind them may be what there is to tell of steps, with a line "." behind it, which code of
 * before there were steps does not look at. Whatever is not a whole reply is a problem and gives no bytes.
 */
export function parseReadReply(text: string): RunnerReply | { problem: string } {
  const factsEnd = text.indexOf("\n");
  const line = text.slice(0, Math.max(0, factsEnd));
  if (line.startsWith(PROBLEM)) return { problem: line.slice(PROBLEM.length) };
  const facts = FACTS.exec(line)?.groups;
  if (!facts) return { problem: `not a reply of the runner: ${JSON.stringify(text.slice(0, 200))}` };
  const sentenceEnd = text.indexOf("\n", factsEnd + 1);
  const [stdoutLength, stderrLength] = [Number(facts.stdoutLength), Number(facts.stderrLength)];
  const endOfBytes = (from: number, length: number) =>
    text.indexOf(".", facts.form === "text" ? from + length : from);
  const stdoutEnd = sentenceEnd < 0 ? -1 : endOfBytes(sentenceEnd + 1, stdoutLength);
  const stderrFrom = facts.form === "text" ? stdoutEnd + 2 : stdoutEnd + 1;
  const stderrEnd = stdoutEnd < 0 ? -1 : endOfBytes(stderrFrom, stderrLength);
  if (stderrEnd < 0) return { problem: "the runner's reply is cut short" };
  const decode = DECODERS[facts.form as Form];
  const stdout = decode(text, sentenceEnd + 1, stdoutEnd, stdoutLength);
  const stderr = decode(text, stderrFrom, stderrEnd, stderrLength);
  if (stdout === null || stderr === null)
    return { problem: "the runner's reply does not hold the bytes that it announces" };
  const steps = stepsIn(text, stderrEnd + 1);
  if (steps === "cut short") return { problem: "the runner's reply is cut short" };
  return {
    stdoutSize: Number(facts.stdoutSize),
    stderrSize: Number(facts.stderrSize),
    stdout,
    stderr,
    end: facts.state === "ended" ? endOf(facts, text.slice(factsEnd + 1, sentenceEnd)) : null,
    ...(steps && { steps }),
  };
}

/** What a reply says of steps, from there on; null where it says nothing of them. */
function stepsIn(text: string, from: number): StepsRead | null | "cut short" {
  const [before, head = "", ...lines] = text.slice(from).split("\n");
  const [, nowCs, count] = /^steps (\d{1,15}) (\d{1,9})$/.exec(head) ?? [];
  if (before !== "" || nowCs === undefined) return head.startsWith("s") ? "cut short" : null;
  const end = lines.indexOf(".");
  if (end < 0) return "cut short";
  const facts = lines.slice(0, Math.min(end, STEP_FACTS_MAX)).map(stepFact);
  return { nowCs: Number(nowCs), count: Number(count), facts: facts.filter((fact) => fact !== null) };
}

/** A line of the steps' record; null where it is none, as whatever is run in the Machine can write there. */
function stepFact(line: string): StepFact | null {
  const [what, ...words] = line.split(" ");
  if (!words.every((word) => /^\d{1,15}$/.test(word))) return null;
  const numbers = words.map(Number);
  const [step = 0, a = 0, b = 0, tookMs = 0, stdout = 0, stderr = 0] = numbers;
  const form = `${what}${numbers.length}`;
  if (form === "s2") return { fact: "started", step, atCs: a };
  if (form === "e6") return { fact: "ended", step, exitCode: a, timedOut: b === 1, tookMs, stdout, stderr };
  return form === "k1" ? { fact: "skipped", step } : null;
}

const PROBLEM = "mayfly 1 problem ";

const FACTS =
  /^mayfly 1 (?<state>running|ended) (?<stdoutSize>\d{1,15}) (?<stderrSize>\d{1,15}) (?<code>\d{1,3}) (?<timedOut>[01]) (?<oomKilled>[01]) (?<flaw>[012]) (?<at>\d{1,12}|-) (?<form>base64|hex|text) (?<stdoutLength>\d{1,15}) (?<stderrLength>\d{1,15})$/;

function endOf(facts: Record<string, string>, sentence: string): RunnerEnd {
  const code = Number(facts.code);
  return {
    exit: { code, signal: signalOfCode(code), oomKilled: facts.oomKilled === "1" },
    timedOut: facts.timedOut === "1",
    commandMissing: facts.flaw === "1" ? sentence || "the command can not be executed" : null,
    outputLost: facts.flaw === "2",
    at: facts.at === "-" ? null : Number(facts.at) * 1000,
  };
}

/** Where the runner stands in the Machine. */
export function runnerPath(machineName: string): string {
  return `${stateDir(machineName)}/runner.sh`;
}

function scriptPath(machineName: string): string {
  return `${stateDir(machineName)}/job`;
}

/** Comes with the runner, which keeps its files there; nothing of them may be relied on but through `readCommand`. */
export function stateDir(machineName: string): string {
  return `/tmp/.mayfly-${machineName}`;
}

/** What stands for no character of an alphabet in its table of values. */
const NONE = 255;

const BASE64_VALUES = valuesOf(BASE64);
const HEX_VALUES = valuesOf("0123456789abcdef");

/** The value of every UTF-16 code unit in an alphabet, so that a look-up needs no check of bounds. */
function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(0x10000).fill(NONE);
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  return values;
}

/** Decodes text from `from` to `to` into so many bytes; null where it does not give exactly them. */
type Decode = (text: string, from: number, to: number, length: number) => Uint8Array | null;

const decodeBase64: Decode = (text, from, to, length) => {
  if (!(length <= to - from)) return null;
  const bytes = new Uint8Array(length);
  let count = 0;
  let i = from;
  // Whole groups of four characters, which is nearly all of it; a read can be 1.4 MB of them.
  while (i + 4 <= to && count + 3 <= length) {
    const a = valueAt(BASE64_VALUES, text, i);
    const b = valueAt(BASE64_VALUES, text, i + 1);
    const c = valueAt(BASE64_VALUES, text, i + 2);
    const d = valueAt(BASE64_VALUES, text, i + 3);
    if ((a | b | c | d) < 64) {
      bytes[count++] = (a << 2) | (b >> 4);
      bytes[count++] = (b << 4) | (c >> 2);
      bytes[count++] = (c << 6) | d;
      i += 4;
    } else if (isFiller(text.charCodeAt(i))) i++;
    else break;
  }
  return decodeBits(text, i, to, bytes, count, BASE64_VALUES, 6);
};

const decodeHex: Decode = (text, from, to, length) =>
  length <= to - from ? decodeBits(text, from, to, new Uint8Array(length), 0, HEX_VALUES, 4) : null;

/** Printable ASCII, tabs and line feeds, the text having no other characters and exactly so many. */
const decodeText: Decode = (text, from, to, length) => {
  if (to - from !== length) return null;
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(from + i);
    if ((code < 32 && code !== 9 && code !== 10) || code > 126) return null;
    bytes[i] = code;
  }
  return bytes;
};

type Form = "base64" | "hex" | "text";

const DECODERS: Record<Form, Decode> = { base64: decodeBase64, hex: decodeHex, text: decodeText };

/** Goes on decoding at `bytes[count]`, from characters of `width` bits each. Null unless that fills `bytes`. */
function decodeBits(
  text: string,
  from: number,
  to: number,
  bytes: Uint8Array,
  count: number,
  values: Uint8Array,
  width: number,
): Uint8Array | null {
  let filled = count;
  let bits = 0;
  let held = 0;
  for (let i = from; i < to; i++) {
    const value = valueAt(values, text, i);
    if (value === NONE && isFiller(text.charCodeAt(i))) continue;
    if (value === NONE) return null;
    bits = ((bits << width) | value) & 0xffff;
    held += width;
    if (held < 8) continue;
    held -= 8;
    if (filled === bytes.length) return null;
    bytes[filled++] = bits >> held;
  }
  return filled === bytes.length ? bytes : null;
}

function valueAt(values: Uint8Array, text: string, at: number): number {
  return values[text.charCodeAt(at)] as number;
}

/** White space between lines and columns, and base64's padding. */
function isFiller(code: number): boolean {
  return code === 10 || code === 13 || code === 32 || code === 61;
}

let runnerText: string | null = null;

/** Encoded on first use and kept: the script is the same for every Machine. */
function runnerBase64(): string {
  runnerText ??= encodeBase64(utf8(RUNNER_SCRIPT));
  return runnerText;
}

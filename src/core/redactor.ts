/**
 * Looks for secrets in bytes and puts `*` in the place of each byte of them, so that every byte keeps its place: offsets in a
 * stream mean the same before and after. What is masked is the union of all that is found, which does not depend on
 * the order of looking.
 */

import { SECRET_PIECE_BYTES } from "./limits.ts";
import { formsOf } from "./secret-forms.ts";

export interface Redaction {
  /** As many as were given. */
  bytes: Uint8Array;
  /** How many of them are certain: what comes next can make a secret of the others. */
  decided: number;
}

/** @param bytes not changed */
export type Redactor = (bytes: Uint8Array) => Redaction;

/** Bytes before a place that can decide whether it is masked: a whole piece, with a line break of two bytes before each of its characters. */
export const REDACTION_REACH = 3 * SECRET_PIECE_BYTES;

const MASK = 42;
const LF = 10;
const CR = 13;

/** A redactor of these secrets. */
export function redactorOf(values: string[]): Redactor {
  const forms = formsOf(values);
  const plain = new Needles(forms.plain);
  const wrapped = new Needles(forms.wrapped);
  return (bytes) => {
    const masked = bytes.slice();
    plain.find(bytes, (from, to) => void masked.fill(MASK, from, to));
    const { joined, places } = joinLines(bytes);
    wrapped.find(joined, (from, to) => {
      for (let at = from; at < to; at++) masked[places[at] as number] = MASK;
    });
    const openWrapped = wrapped.openFrom(joined);
    const decided = Math.min(
      plain.openFrom(bytes),
      openWrapped < joined.length ? (places[openWrapped] as number) : bytes.length,
    );
    return { bytes: masked, decided };
  };
}

/** For output of which nobody knows what is secret in it: only its line feeds stay. */
export const redactAll: Redactor = (bytes) => ({
  bytes: bytes.map((byte) => (byte === LF ? LF : MASK)),
  decided: bytes.length,
});

/**
 * The bytes without single line breaks, and where each was. Of a second line feed or carriage return in a row there is one left:
 * nothing goes on over an empty line, and so little has to be held back.
 */
function joinLines(bytes: Uint8Array): { joined: Uint8Array; places: Int32Array } {
  const joined = new Uint8Array(bytes.length);
  const places = new Int32Array(bytes.length);
  let count = 0;
  let seen = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    const mark = byte === LF ? 1 : byte === CR ? 2 : 0;
    const isBreak = mark !== 0 && (seen & mark) === 0;
    seen = mark === 0 ? 0 : seen | mark;
    if (isBreak) continue;
    joined[count] = byte;
    places[count++] = at;
  }
  return { joined: joined.subarray(0, count), places };
}

const HASH_BITS = 16;

/** Texts of bytes to look for, all at once: by a hash of their first bytes, and by their order for what may be a beginning. */
class Needles {
  readonly #sorted: string[];
  readonly #byHash: (string[] | undefined)[] = [];

  constructor(needles: string[]) {
    this.#sorted = needles.toSorted((a, b) => (a < b ? -1 : 1));
    for (const needle of needles) {
      const hash = hashOf((index) => needle.charCodeAt(index));
      this.#byHash[hash] = [...(this.#byHash[hash] ?? []), needle];
    }
  }

  /** Calls back with each place at which one stands. */
  find(bytes: Uint8Array, found: (from: number, to: number) => void): void {
    if (this.#sorted.length === 0) return;
    for (let from = 0; from + HASHED_BYTES <= bytes.length; from++) {
      const candidates = this.#byHash[hashAt(bytes, from)];
      if (candidates === undefined) continue;
      for (const needle of candidates) if (standsAt(bytes, from, needle)) found(from, from + needle.length);
    }
  }

  /** Where the longest end begins that one of them could begin with; the length where none does. */
  openFrom(bytes: Uint8Array): number {
    for (let from = Math.max(0, bytes.length - SECRET_PIECE_BYTES + 1); from < bytes.length; from++)
      if (this.#isBeginning(String.fromCharCode(...bytes.subarray(from)))) return from;
    return bytes.length;
  }

  #isBeginning(text: string): boolean {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as string) <= text) low = middle + 1;
      else high = middle;
    }
    return this.#sorted[low]?.startsWith(text) ?? false;
  }
}

/** Every needle has as many (`SECRET_REDACTED_MIN_BYTES`). */
const HASHED_BYTES = 6;

function hashOf(byteAt: (index: number) => number): number {
  const first = byteAt(0) | (byteAt(1) << 8) | (byteAt(2) << 16) | (byteAt(3) << 24);
  return mix(first, byteAt(4) | (byteAt(5) << 8));
}

function hashAt(bytes: Uint8Array, at: number): number {
  const first =
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24);
  return mix(first, (bytes[at + 4] as number) | ((bytes[at + 5] as number) << 8));
}

function mix(first: number, second: number): number {
  return (Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)) >>> (32 - HASH_BITS);
}

function standsAt(bytes: Uint8Array, from: number, needle: string): boolean {
  if (from + needle.length > bytes.length) return false;
  for (let index = 0; index < needle.length; index++)
    if (bytes[from + index] !== needle.charCodeAt(index)) return false;
  return true;
}

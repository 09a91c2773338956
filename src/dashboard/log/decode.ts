/** The bytes of output as text. A character may be cut between two pieces: its first bytes wait for the rest. */

import type { OutputLine } from "../../api/run-schema.ts";

export interface DecodedPiece {
  text: string;
  /** Bytes of a character whose rest has not come yet, at most three. */
  pending: number[];
  /** Length of the piece itself in bytes. */
  bytes: number;
}

const utf8 = new TextEncoder();

/** A piece's bytes, and its text where it is no part of another character. */
export interface PieceBytes {
  bytes: Uint8Array;
  text: string | null;
}

export function bytesOf({ text = "", base64 }: Pick<OutputLine, "text" | "base64">): PieceBytes {
  return base64 === undefined
    ? { bytes: utf8.encode(text), text }
    : { bytes: Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)), text: null };
}

/** Decodes a piece after the bytes left from the one before it. Bytes that are no UTF-8 become U+FFFD. */
export function decodePiece(pending: number[], { bytes: own, text }: PieceBytes): DecodedPiece {
  if (pending.length === 0 && text !== null) return { text, pending, bytes: own.length };
  const all = new Uint8Array(pending.length + own.length);
  all.set(pending);
  all.set(own, pending.length);
  const complete = all.length - cutBytes(all);
  return { text: textOf(all.subarray(0, complete)), pending: [...all.subarray(complete)], bytes: own.length };
}

/** What is left of a stream that ended within a character. */
export function decodeRest(pending: number[]): string {
  return textOf(new Uint8Array(pending));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
}

/** How many bytes at the end are the start of a character that goes on. */
function cutBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return byte <= 0xf4 && needed > back ? back : 0;
    }
  }
  return 0;
}

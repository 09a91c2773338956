/** Digests, "sha256:…": the names of all content, and the proof that it is what was asked for. */

import { createHash, type Hash } from "node:crypto";
import { ImageError } from "./error.ts";

/** Hexadecimal digits of the algorithms that the OCI image specification registers. */
const DIGITS: Record<string, number> = { sha256: 64, sha512: 128 };

/** The algorithm and the hexadecimal part. @throws ImageError where it is no digest that can be checked */
export function partsOf(digest: string): { algorithm: string; hex: string } {
  const [algorithm = "", hex = ""] = digest.split(":");
  if (DIGITS[algorithm] !== hex.length || !/^[a-f0-9]+$/.test(hex))
    throw new ImageError(`"${digest.slice(0, 200)}" is no sha256 or sha512 digest`);
  return { algorithm, hex };
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Watches bytes go by and says at the end whether they were the right ones. */
export class DigestCheck {
  readonly #expected: string;
  readonly #what: string;
  readonly #hash: Hash;

  /** @param what for the message: "layer 2" */
  constructor(expected: string, what: string) {
    this.#expected = expected;
    this.#what = what;
    this.#hash = createHash(partsOf(expected).algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** @throws ImageError where they were not */
  end(): void {
    const found = `${partsOf(this.#expected).algorithm}:${this.#hash.digest("hex")}`;
    if (found !== this.#expected)
      throw new ImageError(`${this.#what} has the digest ${found} and not ${this.#expected}, as it should`);
  }
}

/** @throws ImageError where these are other bytes than the digest says */
export function checkDigest(bytes: Uint8Array, expected: string, what: string): void {
  const check = new DigestCheck(expected, what);
  check.update(bytes);
  check.end();
}

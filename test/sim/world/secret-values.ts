/** Values of the simulated world's secrets, no two the same. */

import type { Chance } from "../chance.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** @param number of the value in its world */
export function aSecretValue(chance: Chance, name: string, number: number): string {
  const letters = (length: number) =>
    Array.from({ length }, () => LETTERS[chance.between("letter of a secret", 0, LETTERS.length - 1)]).join(
      "",
    );
  if (name === "PEM") {
    const lines = Array.from({ length: 54 }, (_, index) =>
      `${number}/${index}+${letters(10)}`.padEnd(64, "Q="),
    );
    return `-----BEGIN KEY-----\n${lines.join("\n")}\n-----END KEY-----\n`;
  }
  const token = `${number}${letters(6)}`;
  return chance.pick<string>("kind of secret", [
    token,
    // It ends as it begins.
    `${token}-${token}`,
    `p@ss/w+rd=${token}&"ö€\\<`,
    // Longer than a piece of what is looked for, and more than twice.
    letters(64 + chance.between("length of a secret", 1, 90)) + token,
  ]);
}

/** Words that say something of numbers. */

import type { Word } from "./word.ts";

/** What exact division takes where numbers have fractions or are large, in steps. */
const EXACTLY = 60;

function compared(holds: (value: number, bound: number) => boolean): Word<number, number> {
  return { of: "number", holds: (_check, bound, { value }) => holds(value, bound) };
}

const multipleOf: Word<number, number> = {
  of: "number",
  holds(check, divisor, { value }) {
    if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
    check.steps.take(EXACTLY);
    return isMultiple(value, divisor);
  },
};

export const NUMBER_WORDS = {
  minimum: compared((value, bound) => value >= bound),
  maximum: compared((value, bound) => value <= bound),
  exclusiveMinimum: compared((value, bound) => value > bound),
  exclusiveMaximum: compared((value, bound) => value < bound),
  multipleOf,
} satisfies Record<string, Word>;

/** By the decimal digits that the two are written with: 0.3 is a multiple of 0.1, though not to a computer's binary fractions. */
function isMultiple(value: number, divisor: number): boolean {
  const [digits, exponent] = decimal(value);
  const [divisorDigits, divisorExponent] = decimal(divisor);
  const shift = exponent - divisorExponent;
  return shift >= 0
    ? (digits * 10n ** BigInt(shift)) % divisorDigits === 0n
    : digits % (divisorDigits * 10n ** BigInt(-shift)) === 0n;
}

/** A number as digits times a power of ten. */
function decimal(value: number): [digits: bigint, exponent: number] {
  const [written = "", power = "0"] = String(value).split("e");
  const [whole = "", fraction = ""] = written.split(".");
  return [BigInt(whole + fraction), Number(power) - fraction.length];
}

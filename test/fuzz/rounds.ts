/**
 * How often a property is tried: in a test's own number of rounds, or with `MAYFLY_FUZZ_ROUNDS` in so many, for which no time limit holds.
 */
export function rounds(usual: number): number {
  const { MAYFLY_FUZZ_ROUNDS: asked } = process.env;
  return asked === undefined ? usual : Number(asked);
}

/** A time limit of tests that have rounds: none where somebody asks for more of them. */
export const ROUNDS_LIMIT_MS = process.env.MAYFLY_FUZZ_ROUNDS === undefined ? 60_000 : 0;

/**
 * How often a property is tried: in a test's own number of rounds, or with `MAYFLY_FUZZ_ROUNDS` in so many, for which no time limit holds.
 */
export function rounds(usual: number): number {
  const { MAYFLY_FUZZ_ROUNDS: asked } = process.env;
  return asked === undefined ? usual : Number(asked);
}

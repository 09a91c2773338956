/** Says what went wrong in a seed, with the shortest story of it. */

import { shrink } from "./shrink.ts";
import type { Played } from "./simulate.ts";

export async function report(failing: Played): Promise<string> {
  const { seed, faults, trace, violation } = await shrink(failing);
  return [
    `seed ${seed} breaks a promise: ${violation?.check}`,
    `  ${violation?.what}`,
    "",
    `with these of its ${failing.faults.length} faults:`,
    ...faults.map((fault) => `  ${fault}`),
    "",
    "seconds   what happened",
    ...trace,
    "",
    `Play it again: npm run sim -- --seeds 1 --from ${seed}`,
  ].join("\n");
}

/**
 * Plays seeds of the simulator and prints the shortest story of the first that breaks a promise.
 *   npm run sim -- --seeds 100000 --from 1
 */

import { parseArgs } from "node:util";
import { report } from "./report.ts";
import { simulate } from "./simulate.ts";

const SEEDS_DEFAULT = 2000;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: String(SEEDS_DEFAULT) },
    from: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
  },
});
const seeds = wholeNumber("--seeds", values.seeds);
const from = wholeNumber("--from", values.from);

const beganAt = performance.now();
let steps = 0;
for (let seed = from; seed < from + seeds; seed++) {
  const played = await simulate(seed);
  steps += played.steps;
  if (values.trace) console.log(played.trace.join("\n"));
  if (played.violation === null) continue;
  console.log(await report(played));
  process.exit(1);
}
const seconds = (performance.now() - beganAt) / 1000;
console.log(
  `${seeds} seeds from ${from} on keep every promise: ${steps} steps, ${Math.round(seeds / seconds)} seeds/s`,
);

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`${option} takes a whole number from 0 up, not "${text}"`);
  process.exit(2);
}

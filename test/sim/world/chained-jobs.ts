/** Jobs that start after each other, drawn so that a seed has an end. */

import { LINK_OUTCOMES, type LinkDefinition } from "../../../src/core/chain/link.ts";
import type { RunSpec } from "../../../src/core/run-spec.ts";
import { aSpec } from "../../support/a-run.ts";
import type { Chance } from "../chance.ts";
import { aRetryPolicy } from "./retry.ts";

const SECOND = 1000;

export interface ChainedJob {
  name: string;
  on: LinkDefinition[];
  refuses: boolean;
}

export interface Chains {
  jobs: ChainedJob[];
  /** Jobs start after each other for ever. */
  isCircle: boolean;
}

/** The first one has hooks. */
export const FIRST_JOB = "first";

export function someChains(chance: Chance): Chains {
  const isCircle = chance.fault("a circle of jobs", 0.08);
  const link = (job: string): LinkDefinition => aLink(job, isCircle, chance);
  const shape = isCircle ? "circle" : chance.pick("shape of chains", ["line", "fan", "both", "none"]);
  const on: Record<string, LinkDefinition[]> =
    shape === "circle"
      ? { [FIRST_JOB]: [link("second")], second: [link(FIRST_JOB)] }
      : shape === "line"
        ? { [FIRST_JOB]: [], second: [link(FIRST_JOB)], third: [link("second")] }
        : shape === "fan"
          ? { [FIRST_JOB]: [], second: [link(FIRST_JOB)], third: [link(FIRST_JOB)] }
          : shape === "both"
            ? { [FIRST_JOB]: [], second: [link(FIRST_JOB)], third: [link(FIRST_JOB), link("second")] }
            : { [FIRST_JOB]: [] };
  return {
    jobs: Object.entries(on).map(([name, links]) => ({ name, on: links, refuses: false })),
    isCircle,
  };
}

/** One that goes round must not stop by an outcome. */
export function aLink(job: string, isOfCircle: boolean, chance: Chance): LinkDefinition {
  const outcome = isOfCircle ? ("finished" as const) : chance.pick("outcome of a link", LINK_OUTCOMES);
  return { job, outcome, ...(chance.number("from forks") < 0.5 && { from_forks: true }) };
}

/** What the runs of a job are to do. */
export function aChainedRun(job: string, isOfCircle: boolean, chance: Chance): RunSpec {
  const runMs = isOfCircle ? 3 * SECOND : chance.between("run limit of a chained job", 3, 30) * SECOND;
  return aSpec({
    name: job,
    timeouts: { queueMs: 300 * SECOND, bootMs: 120 * SECOND, runMs, stopMs: 2 * SECOND },
    capture: chance.number("capture of a chained job") < 0.3 ? "output" : "none",
    ...(!isOfCircle && { retry: aRetryPolicy(chance) }),
  });
}

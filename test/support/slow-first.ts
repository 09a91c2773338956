/**
 * The order of test files: a slow one that came last would be waited for alone. Those that share a process follow each other,
 * as it ends with the first file of another kind.
 */

import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Those that take longest, each kind's slowest first. */
const SLOW = [
  "test/sim/bites",
  "test/core/runner-output",
  "test/core/steps-program",
  "test/fly-local/processes/container-level",
  "test/dashboard/chromium",
  "test/fly-local/crash",
  "test/core/runner-stop",
  "test/sim/sim",
  "test/core/runner-end",
  "test/worker/queues",
  "test/d1/at-size",
  "test/worker/run-driver",
  "test/stories/a-storm",
  "test/stories/a-killed-worker",
  "test/stories/time-limits",
  "test/stories/queues",
  "test/stories/a-deploy",
  "test/stories/an-interrupted-start",
  "test/stories/faults-of-the-machines-api",
];

export default class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // Otherwise as by default: by what is known of earlier runs, else by size.
    return (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId, project }: TestSpecification): number {
  if (!project.config.isolate) return SLOW.length;
  const rank = SLOW.findIndex((start) => moduleId.includes(`/${start}.test.`));
  return rank === -1 ? SLOW.length + 1 : rank;
}

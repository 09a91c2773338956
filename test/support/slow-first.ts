/**
 * The order of test files: a slow one that came last would be waited for alone. Those that share a process follow each other,
 * as it ends with the first file of another kind.
 */

import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Those that take longest, each kind's slowest first. */
const SLOW = [
  "test/dashboard/chromium",
  "test/core/steps-program",
  "test/sim/sim",
  "test/fly-local/processes/container-level",
  "test/d1/at-size",
  "test/fly-local/machines/life",
  "test/worker/queues",
  "test/core/runner-output",
  "test/core/runner-stop",
  "test/fly-local/machines/inside",
  "test/sim/bites",
  "test/worker/run-driver",
  "test/fly-local/processes/sandbox/sandbox",
  "test/cli/doctor",
  "test/worker/timekeeper",
  "test/fly-local/crash",
  "test/core/runner-end",
  "test/stories/a-killed-worker",
  "test/stories/a-storm",
  "test/stories/a-deploy",
  "test/stories/schedules",
  "test/stories/an-interrupted-start",
  "test/stories/time-limits",
  "test/stories/a-crashed-workerd",
  "test/stories/a-killed-start",
  "test/stories/queues",
  "test/stories/faults-of-the-machines-api",
  "test/stories/secrets",
  "test/stories/hooks",
  "test/stories/retries",
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

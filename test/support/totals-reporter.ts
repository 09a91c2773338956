/**
 * Closes a test run with one plain line of totals, and fails a run in which a project ran no test at all: workerd's pool can
 * skip whole files and still exit 0 (a compatibility date newer than the bundled workerd).
 */

import type { Reporter, TestModule, Vitest } from "vitest/node";

export default class TotalsReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const totals = { passed: 0, failed: 0, skipped: 0 };
    const ran = new Set<string>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "pending") continue;
        totals[state] += 1;
        if (state !== "skipped") ran.add(module.project.name);
      }
      if (!module.ok() && totals.failed === 0) totals.failed += 1;
    }
    const filtered = process.argv
      .slice(2)
      .some((argument) => argument.startsWith("--project") || argument.startsWith("test/"));
    const idle = filtered
      ? []
      : (this.#vitest?.projects ?? [])
          .filter((project) => !ran.has(project.name))
          .map((project) => project.name);
    if (idle.length > 0) {
      process.exitCode = 1;
      console.error(`no test ran in: ${idle.join(", ")}`);
    }
    console.log(
      `\ntests: ${totals.passed} passed, ${totals.failed + idle.length} failed, ${totals.skipped} skipped`,
    );
  }
}

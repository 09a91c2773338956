/** Node as a program of machines, which have directories of their own in place of some of this computer's. */

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Fresh in every sandbox, so that what this computer has there is not (`sandbox-root.ts`). */
const FRESH = /^\/(?:tmp|run|root|dev|proc|sys)\//;

/** The path of this very Node in a machine: a copy, where the checkout is in a place that machines have for themselves. */
export function nodeInside(): string {
  if (!FRESH.test(process.execPath)) return process.execPath;
  const directory = mkdtempSync("/var/tmp/mayfly-node-");
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const copy = join(directory, "node");
  copyFileSync(process.execPath, copy);
  return copy;
}

/** What `mayfly doctor` finds out of a computer, and how it is told to people. */

import type { Isolation } from "../machines/machine.ts";

export interface Finding {
  readonly name: string;
  /** `good` as it should be; `lesser` works without it; `bad` no run is possible. */
  readonly state: "good" | "lesser" | "bad";
  /** What was found, and where it is not good what that means or what to do. */
  readonly text: string;
}

export interface Diagnosis {
  /** Whether a run is possible here. */
  readonly possible: boolean;
  /** What machines are here unless something else is asked for; null where there can be none. */
  readonly level: Isolation | null;
  readonly findings: readonly Finding[];
}

const MARKS = { good: "ok", lesser: "--", bad: "NO" };

/** A line for each finding and one for what follows from them. */
export function diagnosisText({ possible, level, findings }: Diagnosis): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.map(({ name, state, text }) => `${MARKS[state]}  ${name.padEnd(width)}  ${text}`);
  const end = !possible
    ? "no run is possible here: see the lines that begin with NO"
    : level === "sandbox"
      ? "a run is possible here, and its machine is a sandbox"
      : "a run is possible here, and its machine is a plain process that nothing isolates";
  return `${[...lines, "", end].join("\n")}\n`;
}

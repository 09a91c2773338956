/** What callers order in a storm, and how each order has to end whatever happens around it. */

import type { RunBody } from "../../../src/api/run-schema.ts";
import type { RunSpecInput } from "../../../src/api/spec-schema.ts";

export interface Order {
  number: number;
  kind: string;
  spec: Partial<RunSpecInput>;
  /** Asked to cancel once it is under way. */
  cancelled: boolean;
  expected: Partial<RunBody>;
  /** What the last attempt wrote to stdout; null where the end cuts it off. */
  stdout: string | null;
}

/** Pauses are short: what is to be seen is what failures do, not how long anybody waits. */
const retry = { attempts: 1, backoff: { initial: "200ms", max: "2s" } };
const SECOND_ATTEMPT = 2;

type Kind = (number: number) => Omit<Order, "number" | "kind" | "cancelled"> & { cancelled?: boolean };

/** By their shares: the first of them is every third order. */
const KINDS: Record<string, Kind> = {
  succeeds: (number) => ({
    spec: { script: `echo order ${number}` },
    expected: { status: "succeeded", exit_code: 0 },
    stdout: `order ${number}\n`,
  }),
  "writes in pieces": (number) => ({
    spec: { script: `for i in 1 2 3 4 5 6 7 8; do echo "${number} $i"; sleep 0.1; done` },
    expected: { status: "succeeded", exit_code: 0 },
    stdout: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => `${number} ${i}\n`).join(""),
  }),
  "exits with a code": (number) => ({
    spec: { script: `echo order ${number}; exit ${1 + (number % 100)}` },
    expected: { status: "failed", reason: "exit_code", exit_code: 1 + (number % 100) },
    stdout: `order ${number}\n`,
  }),
  "is killed by a signal": (number) => ({
    spec: { command: ["sh", "-c", `echo order ${number}; kill -TERM $$; sleep 9`] },
    expected: { status: "failed", reason: "signal", signal: "SIGTERM" },
    stdout: `order ${number}\n`,
  }),
  "is too slow": (number) => ({
    spec: { script: `echo order ${number}; sleep 600`, timeouts: { run: "1s", stop: "1s" } },
    expected: { status: "failed", reason: "timed_out", limit: "run" },
    stdout: `order ${number}\n`,
  }),
  "is not there": () => ({
    spec: { command: ["no-such-program"] },
    expected: { status: "failed", reason: "command_not_found", exit_code: 127 },
    stdout: "",
  }),
  "fails at first": (number) => ({
    spec: {
      script: `echo "order ${number}"; [ "$MAYFLY_ATTEMPT" -ge ${SECOND_ATTEMPT} ] || exit 3`,
      retry: { ...retry, attempts: 3 },
    },
    expected: { status: "succeeded", exit_code: 0 },
    stdout: `order ${number}\n`,
  }),
  "runs its image by itself": (number) => ({
    spec: { command: ["sh", "-c", `exit ${number % 7}`], capture: "none" },
    expected:
      number % 7 === 0
        ? { status: "succeeded", exit_code: 0 }
        : { status: "failed", reason: "exit_code", exit_code: number % 7 },
    stdout: null,
  }),
  "is cancelled": (number) => ({
    spec: { script: `echo order ${number}; sleep 600` },
    cancelled: true,
    expected: { status: "cancelled", reason: "cancelled_by_user" },
    stdout: null,
  }),
  "writes much": (number) => ({
    spec: {
      script: `i=0; while [ $i -lt 6000 ]; do echo "${number} line $i of many lines"; i=$((i+1)); done`,
    },
    expected: { status: "succeeded", exit_code: 0 },
    stdout: Array.from({ length: 6000 }, (_, i) => `${number} line ${i} of many lines\n`).join(""),
  }),
};

export function orders(count: number): Order[] {
  const names = Object.keys(KINDS);
  return Array.from({ length: count }, (_, number) => {
    const kind = (number % 3 === 0 ? names[0] : names[Math.floor((number * 2) / 3) % names.length]) ?? "";
    const made = KINDS[kind]?.(number);
    if (!made) throw new Error(`there is no kind ${kind}`);
    const spec = { retry, ...made.spec, tags: { storm: "yes" }, name: `${number} ${kind}` };
    return { number, kind, cancelled: false, ...made, spec };
  });
}

import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MachineListBody } from "../../src/api/machine-schema.ts";
import type { RunBody } from "../../src/api/run-schema.ts";
import type { RunSpecInput } from "../../src/api/spec-schema.ts";
import { eventually } from "../support/processes.ts";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
/** Each command that began says so here, by its run and attempt: what stands here twice ran twice. */
const begun: string[] = [];
let ledger: Server;
beforeAll(async () => {
  ledger = createServer((socket) => {
    let text = "";
    socket.on("data", (part) => {
      text += part;
    });
    socket.on("end", () => begun.push(text.trim()));
  });
  await new Promise<void>((resolve) => ledger.listen(0, "127.0.0.1", resolve));
  stack = await startStack();
});
afterAll(async () => {
  await stack?.close();
  ledger.close();
});

/** Longer than it takes for a run to be quiet enough to be driven by whoever is asked for it. */
const LAUNCHED_FOR_MS = 12_000;
const LINES = 60;
const long = `for i in $(seq ${LINES}); do echo "line $i"; sleep 0.25; done`;
const longOutput = Array.from({ length: LINES }, (_, index) => `line ${index + 1}\n`).join("");

interface Kind {
  spec: Partial<RunSpecInput>;
  command: string;
  /** What it comes to, with how many attempts, and what it writes. */
  ends: Partial<RunBody>;
  attempts: number;
  writes: string;
}

const KINDS: Kind[] = [
  {
    command: "echo quick",
    spec: {},
    ends: { status: "succeeded", exit_code: 0 },
    attempts: 1,
    writes: "quick\n",
  },
  { command: long, spec: {}, ends: { status: "succeeded", exit_code: 0 }, attempts: 1, writes: longOutput },
  {
    command: `${long}; exit 9`,
    spec: {},
    ends: { status: "failed", reason: "exit_code", exit_code: 9 },
    attempts: 1,
    writes: longOutput,
  },
  {
    command: 'echo "attempt $MAYFLY_ATTEMPT"; sleep 1; [ "$MAYFLY_ATTEMPT" = 3 ] || exit 4',
    spec: { retry: { attempts: 3, backoff: { initial: "3s", factor: 1, jitter: 0 } } },
    ends: { status: "succeeded", exit_code: 0 },
    attempts: 3,
    writes: "attempt 1\nattempt 2\nattempt 3\n",
  },
  {
    command: "sleep 6; exit 5",
    spec: { capture: "none" },
    ends: { status: "failed", reason: "exit_code", exit_code: 5 },
    attempts: 1,
    writes: "",
  },
];
/** The ways in which old code goes: how long both go on beside each other, and by what the old ends. */
const DEPLOYS = [
  { besideMs: 0, by: "SIGTERM" },
  { besideMs: 1500, by: "SIGKILL" },
  { besideMs: 8000, by: "SIGTERM" },
] as const;

it("three deploys in mid-run, old code beside new, lose no run, double no command and leave no machine", async () => {
  const { port } = ledger.address() as AddressInfo;
  const tell = `exec 3<>/dev/tcp/127.0.0.1/${port}; echo "$MAYFLY_RUN_ID $MAYFLY_ATTEMPT" >&3; exec 3>&-`;
  const accepted: { id: string; kind: Kind }[] = [];
  const submitOne = async (kind: Kind) => {
    const command = ["bash", "-c", `${tell}; ${kind.command}`];
    // Asked again with the same key it is one order: while two workers share a database it is locked now and then.
    const headers = { "idempotency-key": `order-${accepted.length}` };
    const { id } = await eventually("a submit", () => stack.submit({ command, ...kind.spec }, headers));
    accepted.push({ id, kind });
  };
  const submitAll = async (kinds: Kind[]) => {
    for (const kind of kinds) await submitOne(kind);
  };
  /** Returns once its machine is being asked for, by a call that meets a fault. */
  const launchWith = async (kind: Kind, fault: "late" | "slow") => {
    const creates = async () => (await stack.machineCalls()).create ?? 0;
    const before = await creates();
    await stack.fault({ operation: "create", kind: fault, delay_ms: LAUNCHED_FOR_MS, count: 1 });
    await submitOne(kind);
    await eventually("the ask for its machine", async () => (await creates()) > before);
  };
  /** Settles once no run asks for a machine any more: it would meet the fault that is meant for another. */
  const nobodyAsks = () =>
    Promise.all(
      accepted.map(({ id, kind }) =>
        kind.attempts > 1
          ? stack.final(id, 120_000)
          : eventually(
              `the machine of ${id}`,
              async () => {
                const { status, settled_at } = await stack.run(id);
                return status === "running" || settled_at !== null;
              },
              120_000,
            ),
      ),
    );
  for (const [index, { besideMs, by }] of DEPLOYS.entries()) {
    // Two are being launched until after the deploy: one machine is there and its answer under way, the other not yet. That is
    // the one of a command that lasts: a machine that came to be after another of its name had come and gone would run it again.
    const [quick, long, ...others] = KINDS as [Kind, Kind, ...Kind[]];
    await nobodyAsks();
    await launchWith(quick, "late");
    await launchWith(long, "slow");
    await submitAll(others);
    // Some of them are being launched still while the new code starts.
    const version = `deploy ${index + 1}`;
    const submitted = index === 1 ? submitAll(KINDS) : null;
    const endOld = await stack.deploy({
      file: "src/api/routes/open.ts",
      from: 'version: "1"',
      to: `version: "${version}"`,
    });
    const document = (await (await stack.call("/openapi.json")).json()) as { info: { version: string } };
    expect(document.info.version).toBe(version);
    await submitted;
    // The new code is at work on the old one's runs, too.
    await stack.fireCron();
    const until = Date.now() + besideMs;
    while (Date.now() < until)
      for (const { id } of accepted) await eventually("an answer of the new code", () => stack.run(id));
    await endOld(by);
    await stack.fireCron();
  }
  expect(accepted).toHaveLength(20);
  for (const { id, kind } of accepted) {
    const run = await stack.final(id, 120_000);
    expect(run).toMatchObject({
      ...kind.ends,
      output: { complete: true, dropped_bytes: 0 },
    });
    expect(run.attempts).toHaveLength(kind.attempts);
    expect(new TextDecoder().decode(await stack.output(id, "stdout"))).toBe(kind.writes);
  }
  const expected = accepted.flatMap(({ id, kind }) =>
    Array.from({ length: kind.attempts }, (_, index) => `${id} ${index + 1}`),
  );
  expect(begun.toSorted()).toEqual(expected.toSorted());
  await stack.allReleased();
  const machines = await stack.machines();
  expect(machines).toHaveLength(expected.length);
  expect(machines.filter(({ state }) => state !== "destroyed")).toEqual([]);
  const list = (await (await stack.call("/v1/machines")).json()) as MachineListBody;
  expect(list).toMatchObject({ machines: [], counts: { known: 0, unknown: 0 }, reaped: { total: 0 } });
}, 300_000);

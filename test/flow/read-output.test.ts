import { describe, expect, it } from "vitest";
import { applyEvents } from "../../src/core/lifecycle.ts";
import {
  OUTPUT_BLOB_MIN_BYTES,
  OUTPUT_MAX_BYTES,
  OUTPUT_SMALL_IN_D1_MAX_BYTES,
} from "../../src/core/limits.ts";
import { NO_OUTPUT, type OutputChunk } from "../../src/core/output.ts";
import { redactorOf } from "../../src/core/redactor.ts";
import { Drive } from "../../src/flow/drive.ts";
import type { FlowPorts } from "../../src/flow/flow.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { Machines, Store } from "../../src/flow/ports.ts";
import { readOutput } from "../../src/flow/read-output.ts";
import { aRunningRun, T0 } from "../support/a-run.ts";
import { aStepsSpec } from "../support/a-steps-spec.ts";
import { noSecrets } from "../support/no-secrets.ts";
import { runnerReply } from "../support/runner-reply.ts";

const NOW = T0 + 2000;
const UNTIL = T0 + 900_000;

/** Ports on which a read is answered as told; what was asked and put away is noted. */
function portsAnswering(...replies: string[]) {
  const asked: string[][] = [];
  const blobs = new Map<string, Uint8Array>();
  const machines = {
    exec: async (_id: string, argv: string[]) => {
      asked.push(argv);
      return { kind: "ran", exitCode: 0, stdout: replies.shift() ?? "", stderr: "" };
    },
  } as unknown as Machines;
  const ports: FlowPorts = {
    store: {} as Store,
    machines,
    launches: launchesOver({} as Store, { apps: ["mayfly-tests"], perSecond: 0 }),
    blobs: {
      put: async (key, bytes) => void blobs.set(key, bytes.slice()),
      get: async (key) => blobs.get(key) ?? null,
    },
    clock: { now: () => NOW },
    secrets: noSecrets,
    drivers: { nudge: async () => {} },
    defaultRegion: null,
    organizationLimit: null,
  };
  return { ports, asked, blobs };
}

function driveAt(offsets: typeof NO_OUTPUT): Drive {
  const drive = new Drive(aRunningRun().state, false);
  drive.offsets = offsets;
  return drive;
}

describe("reading output", () => {
  it("asks for no more than the cap of a run leaves, and counts what is dropped beyond it", async () => {
    const before = { seq: 600, stdout: OUTPUT_MAX_BYTES - 4, stderr: 0 };
    const reply = runnerReply({ stdoutSize: OUTPUT_MAX_BYTES + 96, stdout: "last", code: 0 });
    const { ports, asked } = portsAnswering(reply);
    const findings = await readOutput(ports, driveAt(before), UNTIL);
    expect(asked[0]?.at(-2)).toBe("4");
    expect(findings.chunks.map(({ offset, length }) => [offset, length])).toEqual([
      [OUTPUT_MAX_BYTES - 4, 4],
    ]);
    expect(findings.events.at(-1)).toMatchObject({
      type: "settled",
      status: "succeeded",
      output: { stdoutBytes: OUTPUT_MAX_BYTES, droppedBytes: 96, complete: false },
    });
  });

  it("waits for the end without haste once the cap is reached", async () => {
    const full = { seq: 600, stdout: OUTPUT_MAX_BYTES, stderr: 0 };
    const { ports, asked } = portsAnswering(runnerReply({ stdoutSize: OUTPUT_MAX_BYTES + 5000, code: null }));
    const findings = await readOutput(ports, driveAt(full), UNTIL);
    expect(asked[0]?.at(-2)).toBe("0");
    expect(findings).toMatchObject({ events: [], chunks: [], pauseMs: 1000 });
  });

  it("puts what is past the database's share into the blob store, before anything points at it", async () => {
    const before = { seq: 3, stdout: OUTPUT_SMALL_IN_D1_MAX_BYTES, stderr: 0 };
    const { ports, blobs } = portsAnswering(
      runnerReply({ stdoutSize: OUTPUT_SMALL_IN_D1_MAX_BYTES + 5, stdout: "large", code: null }),
    );
    const [chunk] = (await readOutput(ports, driveAt(before), UNTIL)).chunks;
    expect(chunk).toMatchObject({
      seq: 4,
      bytes: null,
      blobKey: expect.stringContaining(`/stdout/${OUTPUT_SMALL_IN_D1_MAX_BYTES}-5`),
    });
    expect(new TextDecoder().decode(blobs.get(chunk?.blobKey ?? "") ?? new Uint8Array())).toBe("large");
  });

  it("goes on at once while there is more, and in larger pieces", async () => {
    const { ports } = portsAnswering(
      runnerReply({ stdoutSize: 1_000_000, stdout: "x".repeat(131_072), code: null }),
    );
    const drive = driveAt({ ...NO_OUTPUT });
    const findings = await readOutput(ports, drive, UNTIL);
    expect(findings.pauseMs).toBe(0);
    expect(drive.readBytes).toBe(262_144);
  });

  it("takes a chatty command's output in pieces, since each is a row", async () => {
    const { ports } = portsAnswering(runnerReply({ stdoutSize: 3, stdout: "hi\n", code: null }));
    expect((await readOutput(ports, driveAt({ ...NO_OUTPUT }), UNTIL)).pauseMs).toBe(250);
  });
});

describe("reading the output of steps", () => {
  const MIDDLE = "e 1 0 0 10 4 2";
  const [FIRST, SECOND] = [["s 1 9000", MIDDLE, "s 2 9100"], ["e 2 0 0 10 8 5"]];

  const store = {
    record: async (...[before, events]: Parameters<Store["record"]>) => applyEvents(before, events),
  } as Store;

  function aBuild(offsets = { ...NO_OUTPUT }): Drive {
    const drive = new Drive(aRunningRun(aStepsSpec(["one", "two"])).state, false);
    drive.offsets = offsets;
    return drive;
  }
  const told = ({ chunks }: { chunks: OutputChunk[] }) =>
    chunks.map(({ seq, stream, offset, bytes }) => [
      seq,
      stream,
      offset,
      Buffer.from(bytes ?? []).toString(),
    ]);

  it("stores what one read brought step by step", async () => {
    const reply = {
      stdoutSize: 8,
      stdout: "one\ntwo\n",
      stderr: "a\nbb\n",
      facts: [...FIRST, ...SECOND],
      code: 0,
    };
    const findings = await readOutput(portsAnswering(runnerReply(reply)).ports, aBuild(), UNTIL);
    expect(told(findings)).toEqual([
      [1, "stdout", 0, "one\n"],
      [2, "stderr", 0, "a\n"],
      [3, "stdout", 4, "two\n"],
      [4, "stderr", 2, "bb\n"],
    ]);
    expect(findings.events.at(-1)).toMatchObject({
      type: "settled",
      output: { stdoutBytes: 8, stderrBytes: 5, droppedBytes: 0, complete: true },
    });
  });

  it("leaves what the next step wrote for later where the one before it is not read whole, and reads it again", async () => {
    const first = { stdoutSize: 8, stdout: "on", stderrSize: 5, stderr: "a\nbb\n" };
    const { ports, asked } = portsAnswering(
      runnerReply({ ...first, facts: [...FIRST, ...SECOND], code: 0 }),
      runnerReply({ ...first, stdout: "e\ntwo\n", stderr: "bb\n", facts: [], code: 0 }),
    );
    const drive = aBuild();
    const before = await readOutput(ports, drive, UNTIL);
    expect(told(before)).toEqual([
      [1, "stdout", 0, "on"],
      [2, "stderr", 0, "a\n"],
    ]);
    expect(before.events.map(({ type }) => type)).toEqual(["step_ended", "step_ended", "exited"]);
    await drive.remember({ ...ports, store }, before);
    const after = await readOutput(ports, drive, UNTIL);
    expect(asked[1]?.slice(4, 6)).toEqual(["2", "2"]);
    expect(told(after)).toEqual([
      [3, "stdout", 2, "e\ntwo\n"],
      [4, "stderr", 2, "bb\n"],
    ]);
    expect(after.events.at(-1)).toMatchObject({ output: { stdoutBytes: 8, stderrBytes: 5, complete: true } });
  });

  it("waits for no rest of a step that a read brought nothing of, as each later one may bring nothing, too", async () => {
    const facts = [...FIRST, ...SECOND];
    const reply = runnerReply({ stdoutSize: 8, stderrSize: 5, stderr: "bb\n", facts, code: 0 });
    const drive = aBuild({ seq: 1, stdout: 0, stderr: 2 });
    expect(told(await readOutput(portsAnswering(reply).ports, drive, UNTIL))).toEqual([
      [2, "stderr", 2, "bb\n"],
    ]);
  });

  it("masks a secret that lies across the end of a step, also where a part of it is left for later", async () => {
    const secrets = {
      forAttempt: async () => ({ given: null, problem: null, redact: redactorOf(["secret"]) }),
    };
    const facts = ["s 1 9000", "e 1 0 0 10 5 5", "s 2 9100", "e 2 0 0 10 12 12"];
    const reply = { stdoutSize: 12, stderrSize: 12, stderr: ". secret . .", facts, code: 0 };
    const all = portsAnswering(runnerReply({ ...reply, stdout: ". secret . ." }));
    const drive = () => {
      const made = aBuild();
      made.state.run.spec.secrets = { KEY: "KEY" };
      return made;
    };
    expect(told(await readOutput({ ...all.ports, secrets }, drive(), UNTIL))).toEqual([
      [1, "stdout", 0, ". ***"],
      [2, "stderr", 0, ". ***"],
      [3, "stdout", 5, "*** . ."],
      [4, "stderr", 5, "*** . ."],
    ]);
    const { ports, asked } = portsAnswering(
      runnerReply({ ...reply, stdout: "." }),
      runnerReply({ ...reply, stdout: " secret . .", facts: [] }),
    );
    const going = drive();
    const before = await readOutput({ ...ports, secrets }, going, UNTIL);
    expect(told(before)).toEqual([
      [1, "stdout", 0, "."],
      [2, "stderr", 0, ". ***"],
    ]);
    await going.remember({ ...ports, store }, before);
    const after = await readOutput({ ...ports, secrets }, going, UNTIL);
    // Of stdout nothing was left for later, so it goes on where it was; stderr is read from where the secret began.
    expect(asked[1]?.slice(4, 6)).toEqual(["1", "0"]);
    expect(told(after)).toEqual([
      [3, "stdout", 1, " ****** . ."],
      [4, "stderr", 5, "*** . ."],
    ]);
  });

  it("waits for nothing past the cap of a run", async () => {
    const facts = ["s 1 9000", `e 1 0 0 10 ${OUTPUT_MAX_BYTES} 0`, "s 2 9100"];
    const reply = { stdoutSize: OUTPUT_MAX_BYTES, stdout: "xx", stderr: "yy", facts, code: 0 };
    const { ports } = portsAnswering(runnerReply(reply));
    const findings = await readOutput(
      ports,
      aBuild({ seq: 600, stdout: OUTPUT_MAX_BYTES - 4, stderr: 0 }),
      UNTIL,
    );
    expect(findings.chunks.map(({ stream, offset, length }) => [stream, offset, length])).toEqual([
      ["stdout", OUTPUT_MAX_BYTES - 4, 2],
      ["stderr", 0, 2],
    ]);
    expect(findings.events.at(-1)).toMatchObject({ output: { droppedBytes: 2, complete: false } });
  });

  it("puts each step's part of a long output into the blob store", async () => {
    const long = "x".repeat(2 * OUTPUT_BLOB_MIN_BYTES);
    const facts = [
      "s 1 9000",
      `e 1 0 0 10 ${OUTPUT_SMALL_IN_D1_MAX_BYTES + OUTPUT_BLOB_MIN_BYTES} 2`,
      "s 2 9100",
    ];
    const reply = {
      stdoutSize: OUTPUT_SMALL_IN_D1_MAX_BYTES + long.length,
      stdout: long,
      stderr: "a\nbb\n",
      facts,
    };
    const { ports, blobs } = portsAnswering(runnerReply({ ...reply, code: null }));
    const drive = aBuild({ seq: 3, stdout: OUTPUT_SMALL_IN_D1_MAX_BYTES, stderr: 0 });
    const { chunks } = await readOutput(ports, drive, UNTIL);
    expect(chunks.map(({ stream, length }) => [stream, length])).toEqual([
      ["stdout", OUTPUT_BLOB_MIN_BYTES],
      ["stderr", 2],
      ["stdout", OUTPUT_BLOB_MIN_BYTES],
      ["stderr", 3],
    ]);
    expect([...blobs.values()].map((bytes) => bytes.length)).toEqual([
      OUTPUT_BLOB_MIN_BYTES,
      2,
      OUTPUT_BLOB_MIN_BYTES,
      3,
    ]);
  });
});

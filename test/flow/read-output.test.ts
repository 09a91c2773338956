import { describe, expect, it } from "vitest";
import { OUTPUT_MAX_BYTES, OUTPUT_SMALL_IN_D1_MAX_BYTES } from "../../src/core/limits.ts";
import { NO_OUTPUT } from "../../src/core/output.ts";
import { Drive } from "../../src/flow/drive.ts";
import type { FlowPorts } from "../../src/flow/flow.ts";
import type { Machines, Store } from "../../src/flow/ports.ts";
import { readOutput } from "../../src/flow/read-output.ts";
import { aRunningRun, T0 } from "../support/a-run.ts";
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
    blobs: {
      put: async (key, bytes) => void blobs.set(key, bytes),
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

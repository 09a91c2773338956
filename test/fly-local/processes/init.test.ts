import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { installInit } from "../../../src/fly-local/processes/init/program.ts";
import {
  encodeFrame,
  type Frame,
  FrameReader,
  TO_INIT,
} from "../../../src/fly-local/processes/init/protocol.ts";

const SOURCE = join(import.meta.dirname, "../../../src/fly-local/processes/init");
/** Whose bytes the generated file holds; another compiler gives other ones. */
const COMPILER = "12.2.0";
const COMPILERS = ["gcc", "aarch64-linux-gnu-gcc"];
const missing = COMPILERS.filter(
  (compiler) => spawnSync(compiler, ["-dumpfullversion"], { encoding: "utf8" }).stdout?.trim() !== COMPILER,
);
if (missing.length > 0 && process.env.CI)
  throw new Error(
    `no ${missing.join(" and ")} ${COMPILER} here: apt-get install gcc gcc-aarch64-linux-gnu (Debian 12)`,
  );
if (missing.length > 0)
  console.warn(
    `init: no ${missing.join(" and ")} ${COMPILER} here, so that it is not built anew: apt-get install gcc gcc-aarch64-linux-gnu (Debian 12)`,
  );

describe("the init of a machine", () => {
  it.skipIf(missing.length > 0)("is, byte for byte, what its source gives", () => {
    const directory = mkdtempSync(join(tmpdir(), "mayfly-init-"));
    try {
      execFileSync(join(SOURCE, "build-init.sh"), [directory]);
      const name = "init-binaries.generated.ts";
      expect(readFileSync(join(SOURCE, name), "utf8")).toBe(readFileSync(join(directory, name), "utf8"));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe.skipIf(process.platform !== "linux")("an init that is told nonsense", () => {
  const header = (length: number, type: number, id = 1) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32LE(length, 0);
    bytes.writeUInt32LE(type, 4);
    bytes.writeUInt32LE(id, 8);
    return bytes;
  };
  const nothing = header(0, TO_INIT.operations);
  const command = (change: (numbers: Buffer) => void, text = "/\0true\0") => {
    const numbers = Buffer.alloc(28);
    numbers.writeUInt32LE(1, 12);
    change(numbers);
    return encodeFrame({
      type: TO_INIT.execute,
      id: 2,
      payload: Buffer.concat([numbers, Buffer.from(text)]),
    });
  };
  const EINVAL = 22;

  it.each([
    ["operations of an unknown letter", encodeFrame({ type: 1, id: 2, payload: Buffer.from("Zx\0") })],
    ["an operation that is cut short", encodeFrame({ type: 1, id: 2, payload: Buffer.from("Mnone\0/x") })],
    [
      "more bytes than come",
      encodeFrame({ type: 1, id: 2, payload: Buffer.from("B/x\x00420\x0099999999999\0y") }),
    ],
    ["a command without numbers", encodeFrame({ type: 2, id: 2, payload: Buffer.from("x") })],
    ["more arguments than come", command((numbers) => numbers.writeUInt32LE(0xffffffff, 12))],
    ["more variables than come", command((numbers) => numbers.writeUInt32LE(0xffffffff, 16))],
    ["no arguments", command((numbers) => numbers.writeUInt32LE(0, 12), "/\0")],
    ["a command whose last text has no end", command(() => {}, "/\0true")],
  ])("refuses %s and goes on", async (_, frame) => {
    const { tell, answers, end } = raw();
    tell(nothing, frame, encodeFrame({ type: 1, id: 3, payload: Buffer.alloc(0) }));
    const errors = (await answers(3)).map(({ id, payload }) => [id, payload.readUInt32LE(0)]);
    expect(errors).toEqual([
      [1, 0],
      [2, EINVAL],
      [3, 0],
    ]);
    expect(await end()).toBe(0);
  });

  it("goes where a frame is larger than any, without waiting for it", async () => {
    const { tell, exit } = raw();
    tell(nothing, header(0xffffffff, TO_INIT.execute));
    expect(await exit).toBe(125);
  });

  it.each([
    ["in the middle of a header", header(10, 1).subarray(0, 5)],
    ["in the middle of a frame", Buffer.concat([header(10, 1), Buffer.from("half")])],
  ])("goes when its server is gone %s", async (_, bytes) => {
    const { tell, end } = raw();
    tell(nothing, bytes);
    expect(await end()).toBe(0);
  });
});

/** The program itself, in the namespaces of this process. */
function raw() {
  const directory = mkdtempSync(join(tmpdir(), "mayfly-init-"));
  const child = spawn(installInit(directory), [], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
    env: {},
  });
  const control = child.stdio[3] as Duplex;
  const exit = once(child, "exit").then(([code]) => {
    rmSync(directory, { recursive: true });
    return code as number | null;
  });
  const reader = new FrameReader();
  const frames: Frame[] = [];
  control.on("data", (bytes: Buffer) => frames.push(...reader.push(bytes)));
  control.on("error", () => {});
  return {
    exit,
    tell: (...bytes: Buffer[]) => control.write(Buffer.concat(bytes)),
    answers: async (count: number) => {
      while (frames.length < count) await once(control, "data");
      return frames;
    },
    end: () => {
      control.end();
      return exit;
    },
  };
}

describe("frames", () => {
  it("are read whole, however the bytes arrive", () => {
    const frames = [
      { type: 1, id: 7, payload: Buffer.from("") },
      { type: 2, id: 0xffffffff, payload: Buffer.from("some bytes") },
    ];
    const bytes = Buffer.concat(frames.map(encodeFrame));
    for (let size = 1; size <= bytes.length; size++) {
      const reader = new FrameReader();
      const read = [];
      for (let at = 0; at < bytes.length; at += size)
        read.push(...reader.push(bytes.subarray(at, at + size)));
      expect(read).toEqual(frames);
    }
  });

  it("that the init has no room for are refused before they are sent", () => {
    const payload = Buffer.alloc((4 << 20) + 1);
    expect(() => encodeFrame({ type: 1, id: 1, payload })).toThrow("4194305 bytes are more than the 4194304");
  });
});

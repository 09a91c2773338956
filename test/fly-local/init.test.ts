import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeFrame, FrameReader } from "../../src/fly-local/processes/init/protocol.ts";

const SOURCE = join(import.meta.dirname, "../../src/fly-local/processes/init");
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

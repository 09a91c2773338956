import { createHash, randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { expect, it } from "vitest";
import { parseReadReply } from "../../src/core/runner-protocol.ts";
import { Box } from "./runner/box.ts";
import { underEachShell } from "./runner/each-shell.ts";

const AS_ROOT = process.getuid?.() === 0;
const NOBODY = 65534;
const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, i) => i);

underEachShell("the runner keeps output", (world) => {
  it("of any bytes, exactly", async () => {
    const { box } = world;
    const bytes = Buffer.concat([ALL_BYTES, ALL_BYTES.toReversed(), Buffer.from("\0\0\n\n")]);
    const file = box.write("bytes", bytes);
    const run = box.run({ script: `cat ${file}; cat ${file} ${file} >&2` });
    const reply = await box.drain();
    expect(bytes.equals(reply.stdout)).toBe(true);
    expect(Buffer.concat([bytes, bytes]).equals(reply.stderr)).toBe(true);
    expect(await world.letGo(run)).toBe(0);
  });

  it("in pieces of any size, from any offset", async () => {
    const { box } = world;
    const run = box.run({ command: ["cat", box.write("bytes", ALL_BYTES)] });
    const reply = await box.drain(23);
    expect(Buffer.from(ALL_BYTES).equals(reply.stdout)).toBe(true);
    await world.letGo(run);
  });

  it("of a job that opens its streams by name", async () => {
    const { box } = world;
    const script = "echo one; echo a >/dev/stderr; echo two >/dev/stdout; echo b >/dev/stderr; echo c >&2";
    const run = box.run({ script });
    const reply = await box.drain();
    expect([text(reply.stdout), text(reply.stderr)]).toEqual(["one\ntwo\n", "a\nb\nc\n"]);
    await world.letGo(run);
  });

  it("without a newline at its end", async () => {
    const { box } = world;
    const run = box.run({ command: ["printf", "no newline"] });
    expect(text((await box.drain()).stdout)).toBe("no newline");
    await world.letGo(run);
  });

  it("where there is none", async () => {
    const { box } = world;
    const run = box.run({ command: ["true"] });
    expect(await box.drain()).toMatchObject({ stdoutSize: 0, stderrSize: 0, end: { exit: { code: 0 } } });
    await world.letGo(run);
  });

  it("of a flood of 50 MB, which does not starve the other stream", async () => {
    const { box } = world;
    const flood = randomBytes(50_000_000);
    const gate = box.gate();
    const lines = 40;
    const run = box.run({
      script: `cat ${box.write("flood", flood)}
        exec 3<>${gate.path}; i=0
        while [ $i -lt ${lines} ] && read -r _ <&3; do echo "line $i" >&2; i=$((i+1)); done`,
    });
    await box.started();
    let [read, opened] = [0, 0];
    const reply = await box.drain(1 << 20, (part, asked) => {
      expect(part.stdout.length + part.stderr.length).toBeLessThanOrEqual(1 << 20);
      expect(asked.stderrOffset + part.stderr.length).toBe(part.stderrSize);
      read += 1;
      if (opened < lines && read > 2) {
        gate.open();
        opened += 1;
      }
    });
    expect(sha256(reply.stdout)).toBe(sha256(flood));
    expect(text(reply.stderr)).toBe(Array.from({ length: lines }, (_, i) => `line ${i}\n`).join(""));
    await world.letGo(run);
  });

  it("and tells as much of it as is asked for, in fair shares", async () => {
    const { box } = world;
    const file = box.write("many", new Uint8Array(1000).fill(65));
    const run = box.run({ script: `cat ${file}; cat ${file} >&2` });
    await box.drain();
    const lengths = async (stdoutOffset: number, stderrOffset: number, maxBytes: number) => {
      const reply = await box.read({ stdoutOffset, stderrOffset, maxBytes });
      expect([reply.stdoutSize, reply.stderrSize]).toEqual([1000, 1000]);
      return [reply.stdout.length, reply.stderr.length];
    };
    expect(await lengths(0, 0, 0)).toEqual([0, 0]);
    expect(await lengths(0, 0, 101)).toEqual([51, 50]);
    expect(await lengths(0, 990, 100)).toEqual([90, 10]);
    expect(await lengths(990, 0, 100)).toEqual([10, 90]);
    expect(await lengths(0, 400, 1200)).toEqual([600, 600]);
    expect(await lengths(0, 0, 5000)).toEqual([1000, 1000]);
    await world.letGo(run);
  });

  it.each([
    ["a line", "hi\n", "text"],
    ["no line end", "a\n\n  b", "text"],
    ["line ends alone", "\n\n\n", "text"],
    ["what a shell may take for its own", "-n -e \\n %s $HOME `id` * 'q' \"q\" \t\\\n", "text"],
    ["the runner's own lines", ".\n.\nmayfly 1 ended 9 9 9 0 0 0 - base64 9 9\n\n.\n.\n", "text"],
    ["as much text as is told so", "x".repeat(512), "text"],
    ["more of it", "x".repeat(513), "base64"],
    ["a NUL", "a\0b\n", "base64"],
    ["a NUL at the end", "ab\0", "base64"],
    ["a carriage return", "a\r\n", "base64"],
    ["an escape", "\x1b[1m", "base64"],
    ["a character that is no ASCII", "ä\n", "base64"],
    ["half a character", Buffer.of(0x61, 0xc3), "base64"],
    ["a delete", "\x7f", "base64"],
  ])("that is short, as it is if it is plain text: %s", async (_, written, form) => {
    const { box } = world;
    const bytes = Buffer.from(written);
    const file = box.write("bytes", bytes);
    const run = box.run({
      script: `cat ${file}; cat ${file} >&2`,
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" },
    });
    await box.drain();
    const said = (await box.reader().ended).stdout;
    expect(said.split("\n")[0]?.split(" ")[10]).toBe(form);
    const reply = parseReadReply(said);
    if ("problem" in reply) throw new Error(reply.problem);
    expect([bytes.equals(reply.stdout), bytes.equals(reply.stderr)]).toEqual([true, true]);
    await world.letGo(run);
  });

  it("of every byte alone", { timeout: 120_000 }, async () => {
    const { box } = world;
    const bytes = [...ALL_BYTES.filter((byte) => byte % 16 === 0 || byte > 125)];
    // Two of them in each run, one to a stream.
    for (let at = 0; at < bytes.length; at += 2) {
      const [out = 0, error = 0] = bytes.slice(at, at + 2);
      const [outFile, errorFile] = [out, error].map((byte) => box.write(`byte${byte}`, Buffer.of(byte)));
      const one = new Box(world.shell);
      const run = one.run({ script: `cat ${outFile}; cat ${errorFile} >&2` });
      const reply = await one.drain();
      expect([[...reply.stdout], [...reply.stderr]]).toEqual([[out], [error]]);
      await world.letGo(run);
    }
  });

  it("and counts it where the kernel does not tell how far the copies are", async () => {
    const { box } = world;
    box.change("/proc/$$/fdinfo/9", "/no/fdinfo/9");
    const run = box.run({ script: "echo out; echo error >&2" });
    expect(await box.drain()).toMatchObject({ stdoutSize: 4, stderrSize: 6 });
    await world.letGo(run);
  });

  it.each([undefined, ...(AS_ROOT ? [NOBODY] : [])])("for nobody else (user %s)", async (uid) => {
    const { box } = world;
    const run = box.run({ command: ["echo", "hi"], uid });
    await box.drain();
    const dir = uid === undefined ? box.dir : `${box.dir}.own`;
    for (const name of ["stdout", "stderr", "state"])
      expect(statSync(`${dir}/${name}`).mode & 0o777).toBe(0o600);
    expect(statSync(`${dir}/stdout`).uid).toBe(uid ?? process.getuid?.());
    await world.letGo(run);
  });

  it("and tells it as hex where the image has no base64", async () => {
    const { box } = world;
    const script = (runner: string) => runner.replace("command -v base64", "false");
    const bytes = Buffer.concat([ALL_BYTES, Buffer.alloc(100)]);
    const run = box.run({ command: ["cat", box.write("bytes", bytes)] });
    await box.drain();
    expect((await box.reader({ script }).ended).stdout).toMatch(/ hex .* fc fd fe ff/s);
    const reply = await box.read({ script, stdoutOffset: 3 });
    expect(bytes.subarray(3).equals(reply.stdout)).toBe(true);
    await world.letGo(run);
  });
});

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

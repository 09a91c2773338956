/** Numbers, spans and JSON as people read them. */

import { describe, expect, test } from "vitest";
import { byteCount } from "../../../src/dashboard/words/bytes.ts";
import { age, elapsed, elapsedSoFar } from "../../../src/dashboard/words/elapsed.ts";
import { laidOut } from "../../../src/dashboard/words/laid-out.ts";
import { shortWaiting } from "../../../src/dashboard/words/outcome.ts";
import { commandLine, machineSize, runTitle, shortImage } from "../../../src/dashboard/words/what-runs.ts";
import { aRun, NOW } from "../run-factory.ts";

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [1023, "1023 bytes"],
  [1024, "1 KB"],
  [1536, "1.5 KB"],
  [1024 * 1024 - 1, "1 MB"],
  [512 * 1024 * 1024, "512 MB"],
])("%d bytes are %s", (bytes, text) => {
  expect(byteCount(bytes)).toBe(text);
});

describe("spans", () => {
  test.each([
    [-5, "0 ms"],
    [340, "340 ms"],
    [1239, "1.23 s"],
    [9999, "9.99 s"],
    [12_345, "12.3 s"],
    [59_999, "59.9 s"],
    [60_000, "1m 00s"],
    [185_000, "3m 05s"],
    [7_620_000, "2h 07m"],
    [273_600_000, "3d 04h"],
  ])("%d ms took %s", (ms, text) => {
    expect(elapsed(ms)).toBe(text);
  });

  test("one that still grows is told in whole seconds", () => {
    expect([elapsedSoFar(999), elapsedSoFar(59_999), elapsedSoFar(61_000)]).toEqual([
      "under 1 s",
      "59 s",
      "1m 01s",
    ]);
  });

  test.each([
    [-2000, "just now"],
    [4999, "just now"],
    [12_000, "12s ago"],
    [3_599_999, "59m ago"],
    [86_400_000, "1d ago"],
    [20 * 86_400_000, "2026-11-01"],
  ])("%d ms before now is %s", (ms, text) => {
    expect(age(NOW - ms, NOW)).toBe(text);
  });
});

describe("what a run carries out", () => {
  test("a command can be pasted into a shell", () => {
    expect(commandLine(["echo", "it's", "$HOME", "", "a=b"])).toBe("echo 'it'\\''s' '$HOME' '' a=b");
  });

  test("a title is the name, else the command, else the script's first line that says something", () => {
    expect(runTitle(aRun({ name: "nightly" }))).toBe("nightly");
    expect(runTitle(aRun({ name: "  ", command: ["true"] }))).toBe("true");
    expect(runTitle(aRun({ command: null, script: "#!/bin/sh\n\n  make all\n" }))).toBe("make all");
    expect(runTitle(aRun({ command: null, capture: "none" }))).toBe("the image's own command");
    expect(runTitle(aRun({ command: ["x".repeat(500)] }))).toHaveLength(160);
  });

  test("a machine has Fly's name for its size where there is one", () => {
    expect(machineSize({ cpu_kind: "performance", cpus: 4, memory_mb: 16_384 })).toBe(
      "performance-4x, 16 GB",
    );
    expect(machineSize({ cpu_kind: "shared", cpus: 3, memory_mb: 768 })).toBe("3 shared CPUs, 768 MB");
  });

  test("a list shows the start of a digest", () => {
    expect(shortImage(`a/b@sha256:${"0123456789abcdef".repeat(4)}`)).toBe("a/b@sha256:0123456789ab…");
  });
});

test.each([
  ["concurrency", "in line"],
  ["organization", "in line"],
  ["run_at", "not due yet"],
  // Its status says it.
  ["retry", ""],
] as const)("in a list a run that waits for %s is %s", (what, text) => {
  const nowhere = { key: null, limit: null, place: null, running: null };
  const time = new Date(NOW).toISOString();
  expect(shortWaiting({ for: what, ...nowhere, since: time, until: time })).toBe(text);
  expect(shortWaiting(null)).toBe("");
});

describe("JSON that is laid out", () => {
  const all = Number.POSITIVE_INFINITY;

  test("stands as JSON.stringify would have it, and no further than is shown", () => {
    const json = JSON.parse(
      '{"a":[],"b":{},"c":[1,"\\u2028x",null,{"__proto__":[[true]],"":-0.5}],"1":{"d":[{}]}}',
    );
    const whole = JSON.stringify(json, null, 2);
    expect(laidOut(json, all)).toEqual({ text: whole, isWhole: true });
    for (const text of ["x", 7, null, [], {}])
      expect(laidOut(text, all)).toEqual({ text: JSON.stringify(text), isWhole: true });
    for (let chars = 0; chars <= whole.length; chars++)
      expect(laidOut(json, chars)).toEqual({ text: whole.slice(0, chars), isWhole: chars === whole.length });
  });

  test("is not looked at where it is not shown any more", () => {
    const looked = () => {
      throw new Error("it was looked at");
    };
    const json = ["x".repeat(100), new Proxy({}, { ownKeys: looked })];
    expect(laidOut(json, 50)).toMatchObject({ isWhole: false });
    expect(() => laidOut(json, 500)).toThrow("it was looked at");
  });

  test("can be nested as deep as it is sent, with an indent that ends", () => {
    const levels = 50_000;
    const { text, isWhole } = laidOut(JSON.parse("[".repeat(levels) + "]".repeat(levels)), all);
    expect(isWhole).toBe(true);
    expect(text.length).toBeLessThan(2 * levels * 82);
    expect(text.replace(/\s+/g, "")).toBe("[".repeat(levels) + "]".repeat(levels));
  });
});

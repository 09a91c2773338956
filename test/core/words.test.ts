import { describe, expect, it } from "vitest";
import { formatDuration, formatInHours, parseDuration, toldDuration } from "../../src/core/duration.ts";
import { GUEST_SIZES, guestComplaint } from "../../src/core/guest.ts";
import { firstRunIdAt, isRunId, machineName, newRunId } from "../../src/core/id.ts";
import { formatPosition, parsePosition } from "../../src/core/output.ts";
import { pollPlan } from "../../src/core/poll.ts";
import { rfc3339 } from "../../src/core/rfc3339.ts";
import { signalName, signalNumber, signalOfCode } from "../../src/core/signals.ts";

it.each([
  [Date.UTC(2026, 10, 22, 9), "2026-11-22T09:00:00.000Z"],
  [9e15, "9999-12-31T23:59:59.999Z"],
  [Number.POSITIVE_INFINITY, "9999-12-31T23:59:59.999Z"],
  [-9e15, "0000-01-01T00:00:00.000Z"],
  [Number.NaN, "1970-01-01T00:00:00.000Z"],
])("a time is told, whatever it is: %d", (epochMs, told) => expect(rfc3339(epochMs)).toBe(told));

describe("durations", () => {
  it.each([
    ["90s", 90_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["250ms", 250],
    ["1d", 86_400_000],
    ["0s", 0],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "90", "s", "-1s", "1 s", "1h 30m", "1w", `${"9".repeat(40)}s`, "1e3s", "NaNs"])(
    "refuses %j",
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );

  it.each([
    [0, "0s"],
    [999, "999ms"],
    [90_000, "1m30s"],
    [3_599_999.7, "1h"],
    [86_400_000, "1d"],
    [90_000_000, "25h"],
    [604_800_000, "7d"],
    [31_622_400_000, "366d"],
  ])("tells %d ms in days where they are whole", (ms, text) => expect(formatDuration(ms)).toBe(text));

  it("tells Go no days, which it does not know", () => expect(formatInHours(604_800_000)).toBe("168h"));

  it.each([
    [999, "999ms"],
    [1234, "1.234s"],
    [60_001, "1m1s"],
    [3_600_000, "1h"],
    [3_600_001, "1h0m1s"],
    [46_848_545, "13h0m49s"],
    [46_920_000, "13h2m"],
    [46_921_000, "13h2m1s"],
    [90_000_000, "25h"],
  ])("tells %d ms in a sentence without what could be read as another unit", (ms, text) => {
    expect(toldDuration(ms)).toBe(text);
    if (ms >= 60_000) expect(parseDuration(text)).toBe(Math.ceil(ms / 1000) * 1000);
  });

  it("writes what it reads", () => {
    for (const ms of [
      0, 1, 999, 1000, 1234, 90_000, 3_600_000, 5_400_000, 86_399_999, 86_400_000, 90_000_000,
    ])
      expect(parseDuration(formatDuration(ms))).toBe(ms);
  });
});

describe("run ids", () => {
  const zeros = new Uint8Array(16);
  it("have the order of their times", () => {
    const ids = [0, 1, 31, 32, 1_700_000_000_000, Date.UTC(2100, 0)].map((at) => newRunId(at, zeros));
    expect(ids.toSorted()).toEqual(ids);
    expect(ids.every(isRunId)).toBe(true);
  });
  it("bound the runs of a moment from below", () => {
    expect(firstRunIdAt(5) <= newRunId(5, zeros)).toBe(true);
    expect(firstRunIdAt(6) > newRunId(5, new Uint8Array(16).fill(31))).toBe(true);
  });
  it("name Machines of their attempts within Fly's bound of 63 characters", () => {
    const id = newRunId(
      1_700_000_000_000,
      Uint8Array.from({ length: 16 }, (_, index) => index),
    );
    expect(machineName(id, 3)).toMatch(/^mayfly-[0-9a-z]{26}-3$/);
    expect(machineName(id, 9999).length).toBeLessThanOrEqual(63);
  });
});

describe("machine sizes", () => {
  it("are all possible by Fly's rules", () => {
    for (const guest of Object.values(GUEST_SIZES)) expect(guestComplaint(guest)).toBeNull();
  });
  it("that are impossible are answered with what is possible", () => {
    expect(guestComplaint({ cpuKind: "shared", cpus: 3, memoryMb: 768 })).toEqual({
      field: "cpus",
      message: "3 shared CPUs are not possible; possible are 1, 2, 4, 6, 8",
    });
    expect(guestComplaint({ cpuKind: "performance", cpus: 2, memoryMb: 256 })?.message).toContain(
      "possible are 4096 to 16384 in steps of 256",
    );
    expect(guestComplaint({ cpuKind: "shared", cpus: 1, memoryMb: 300 })?.field).toBe("memory_mb");
  });
});

describe("positions in output", () => {
  it("come back as they were sent", () => {
    expect(parsePosition(formatPosition({ attempt: 2, seq: 40 }))).toEqual({ attempt: 2, seq: 40 });
    for (const text of ["", "1", "1.", "a.b", "-1.2", "1.2.3", "1.9999999999"])
      expect(parsePosition(text)).toBeNull();
  });
});

describe("polls", () => {
  it("are held while a run is young or watched and get rarer with its age", () => {
    expect(pollPlan(1000, false)).toEqual({ holdS: 20, pauseMs: 0 });
    expect(pollPlan(10_000_000, true)).toEqual({ holdS: 20, pauseMs: 0 });
    expect(pollPlan(61_000, false)).toEqual({ holdS: 0, pauseMs: 5000 });
    expect(pollPlan(200_000, false)).toEqual({ holdS: 0, pauseMs: 10_000 });
    expect(pollPlan(86_400_000, false)).toEqual({ holdS: 0, pauseMs: 30_000 });
  });
});

describe("signals", () => {
  it("have names, numbers and shell codes", () => {
    expect(signalName(9)).toBe("SIGKILL");
    expect(signalNumber("SIGTERM")).toBe(15);
    expect(signalOfCode(137)).toBe("SIGKILL");
    for (const code of [0, 1, 127, 128, 255]) expect(signalOfCode(code)).toBeNull();
  });
});

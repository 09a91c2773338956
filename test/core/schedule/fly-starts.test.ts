import { describe, expect, it } from "vitest";
import { fingerprint } from "../../../src/core/fingerprint.ts";
import type { MachineEvent } from "../../../src/core/machine.ts";
import { machineOfStart, startsAfter, toldSince } from "../../../src/core/schedule/fly-starts.ts";

/** Oldest first here, newest first as Fly lists them. "start 5" is a start that is complete at 5, "exit 7 3" an exit with code 3. */
function events(...lines: string[]): MachineEvent[] {
  return lines
    .map((line): MachineEvent => {
      const [type = "", at = "", code] = line.split(" ");
      const exit = {
        code: Number(code ?? 0),
        signal: null,
        oomKilled: false,
        requestedStop: false,
        at: Number(at),
      };
      const known: Record<string, [string, string]> = {
        launch: ["launch", "created"],
        boot: ["start", "starting"],
        start: ["start", "started"],
        exit: ["exit", "stopped"],
        update: ["update", "replaced"],
        restart: ["restart", "starting"],
        destroy: ["destroy", "destroyed"],
      };
      const [named = type, status = ""] = known[type] ?? [];
      return { type: named, status, source: "flyd", at: Number(at), exit: type === "exit" ? exit : null };
    })
    .toReversed();
}

const TWO = events("launch 1", "boot 2", "start 3", "exit 4 7", "boot 10", "start 11", "exit 15");
const machine = (list: MachineEvent[], state: "started" | "stopped" = "stopped") => ({
  ...{ id: "m", name: "n", state, region: null, createdAt: 1, events: list, metadata: {} },
});
const life = (list: MachineEvent[], startedAt: number, state?: "started") => {
  const one = machineOfStart(machine(list, state), startedAt);
  return [one.state, ...one.events.map(({ type, status, at }) => `${type}/${status} ${at}`)];
};

describe("the starts of a machine", () => {
  it("are those after the last that was seen, oldest first", () => {
    expect(startsAfter(TWO, 0)).toEqual([3, 11]);
    expect(startsAfter(TWO, 3)).toEqual([11]);
    expect(startsAfter(TWO, 11)).toEqual([]);
    expect(startsAfter([], 0)).toEqual([]);
  });

  it("each have a life of their own, which is over with its exit, or with the next start", () => {
    expect(life(TWO, 3)).toEqual(["destroyed", "exit/stopped 4", "start/started 3", "start/starting 2"]);
    expect(life(TWO, 11)).toEqual(["destroyed", "exit/stopped 15", "start/started 11", "start/starting 10"]);
    expect(machineOfStart(machine(TWO), 3).events[0]?.exit?.code).toBe(7);
    const crashed = events("launch 1", "start 3", "boot 9", "start 10");
    expect(life(crashed, 3, "started")).toEqual(["destroyed", "start/started 3"]);
    expect(life(crashed, 10, "started")).toEqual(["started", "start/started 10", "start/starting 9"]);
  });

  it("as one that goes on have the machine's own state, also while that ends", () => {
    const running = events("launch 1", "start 3", "exit 4", "start 11");
    expect(life(running, 11, "started")).toEqual(["started", "start/started 11"]);
    expect(life(running, 11)).toEqual(["stopped", "start/started 11"]);
  });

  it("by hand, and after a restart, are starts like any", () => {
    const list = events("launch 1", "start 3", "exit 4 143", "restart 5", "start 6", "exit 7");
    expect(startsAfter(list, 3)).toEqual([6]);
    expect(life(list, 3)).toEqual(["destroyed", "restart/starting 5", "exit/stopped 4", "start/started 3"]);
    expect(life(list, 6)[1]).toBe("exit/stopped 7");
  });

  it("keep their exit where their own start has fallen off the list", () => {
    const cut = events("exit 4 7", "boot 10", "start 11");
    expect(life(cut, 3, "started")).toEqual(["destroyed", "exit/stopped 4"]);
  });

  it("may be missing where the list begins in the midst of lives that were not seen", () => {
    const cut = events("exit 20", "boot 30", "start 31");
    expect(toldSince(cut, 11)).toBe(20);
    expect(toldSince(cut, 25)).toBeNull();
    expect(toldSince(events("start 20", "exit 21"), 11)).toBe(20);
    expect(toldSince(events("launch 20", "start 21"), 11)).toBeNull();
    expect(toldSince(events("update 20", "start 21"), 11)).toBeNull();
    expect(toldSince([], 11)).toBeNull();
  });
});

describe("a fingerprint", () => {
  it("is 32 hexadecimal digits, and another for every other text", () => {
    const texts = Array.from(
      { length: 2000 },
      (_, index) => `default/job-${index % 50}/s${Math.floor(index / 50)}`,
    );
    const prints = texts.map(fingerprint);
    for (const print of prints) expect(print).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(prints).size).toBe(new Set(texts).size);
    // Also of each of its parts, where chance would make 0.0005 meet.
    for (const part of [0, 8, 16, 24])
      expect(new Set(prints.map((print) => print.slice(part, part + 8))).size).toBe(texts.length);
    expect(fingerprint("a")).toBe(fingerprint("a"));
  });
});

import { describe, expect, it } from "vitest";
import { durationMs, formatDuration } from "../../../src/fly-local/duration.ts";
import { machineName, ulid } from "../../../src/fly-local/id.ts";
import { fullImageName } from "../../../src/fly-local/machines/image.ts";
import { type Machine, UNTOUCHED } from "../../../src/fly-local/machines/machine.ts";
import { anySignal, stopSignal } from "../../../src/fly-local/machines/signals.ts";
import { type Change, transition } from "../../../src/fly-local/machines/state.ts";
import { splitWords } from "../../../src/fly-local/machines/words.ts";

describe("values on the wire", () => {
  it.each([
    ["10s", 10_000],
    ["1m30s", 90_000],
    ["0s", 0],
    ["250ms", 250],
    [5_000_000_000, 5_000],
    ["10", null],
    [-1, null],
    [{}, null],
  ])("duration %j is %j ms", (value, ms) => expect(durationMs(value)).toBe(ms));

  it.each([
    [0, "0s"],
    [0.0005, "500ns"],
    [0.25, "250µs"],
    [100, "100ms"],
    [1500, "1.5s"],
    [10_000, "10s"],
    [60_000, "1m0s"],
    [90_000, "1m30s"],
    [3_600_000, "1h0m0s"],
    [3_723_004, "1h2m3.004s"],
  ])("%j ms are written %s, as Go does", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
    expect(durationMs(text)).toBe(ms);
  });

  it.each([
    ["alpine", "registry-1.docker.io/library/alpine:latest"],
    ["a/b:1", "registry-1.docker.io/a/b:1"],
    ["ghcr.io/a/b", "ghcr.io/a/b:latest"],
    ["localhost:5000/x:y", "localhost:5000/x:y"],
    ["alpine@sha256:00", "registry-1.docker.io/library/alpine:latest@sha256:00"],
  ])("image %s is %s", (image, full) => expect(fullImageName(image)).toBe(full));

  it.each([
    ["a  b", ["a", "b"]],
    [`'a b' "c\\"d" e\\ f`, ["a b", 'c"d', "e f"]],
    [`a''b "" `, ["ab", ""]],
    [`"a`, null],
    ["a\\", null],
  ])("words of %j are %j", (text, words) => expect(splitWords(text)).toEqual(words));

  it("signals have names and numbers, and stop takes fewer", () => {
    expect([stopSignal("SIGTERM"), stopSignal("term"), stopSignal(9), stopSignal("15")]).toEqual([
      "SIGTERM",
      "SIGTERM",
      "SIGKILL",
      "SIGTERM",
    ]);
    expect([stopSignal("SIGABRT"), anySignal("SIGABRT"), anySignal("SIGCHLD"), anySignal(null)]).toEqual([
      null,
      "SIGABRT",
      null,
      null,
    ]);
  });

  it("ids sort by time", () => {
    expect(ulid(1_700_000_000_000) < ulid(1_700_000_000_001)).toBe(true);
  });
});

describe("the life of a machine", () => {
  const moment = { now: 1_000, eventId: "E" };
  const made = (state: Machine["state"], more: Partial<Machine> = {}): Machine => ({
    id: "m",
    app: "a",
    name: "n",
    region: "r",
    state,
    instanceId: "I",
    privateIp: "",
    createdAt: 0,
    updatedAt: 0,
    isolation: "process",
    events: [],
    ...UNTOUCHED,
    config: { image: "x", restart: { policy: "no" } },
    ...more,
  });
  const exit: Change = { kind: "exited", exit: { code: 1, signal: null } };

  it.each<[Machine["state"], Change]>([
    ["destroyed", { kind: "launched", by: "user" }],
    ["destroyed", { kind: "destroy_begun", by: "user" }],
    ["started", { kind: "launched", by: "user" }],
    ["stopped", { kind: "launched", by: "flyd" }],
    ["stopped", { kind: "started" }],
    ["stopped", exit],
    ["stopped", { kind: "stop_requested" }],
    ["stopped", { kind: "lost" }],
    ["started", { kind: "destroyed", by: "flyd" }],
    ["started", { kind: "launched", by: "schedule" }],
    ["suspended", { kind: "launched", by: "schedule" }],
    ["started", { kind: "suspended" }],
    ["stopped", { kind: "suspend_requested" }],
    ["started", { kind: "replaced" }],
    ["replacing", { kind: "launched", by: "user" }],
    ["replacing", { kind: "restart_requested" }],
    ["created", { kind: "update_begun", version: "V", config: { image: "x" }, image: null, launches: true }],
    ["destroyed", { kind: "cordoned", cordoned: true }],
  ])("cannot go from %s by %o", (state, change) =>
    expect(transition(made(state), change, moment)).toBeNull(),
  );

  it("whose update is taken back has again what that changed", () => {
    const old = made("stopped", { skipsSecrets: true, followsSchedule: true });
    const updated = made("replacing", { instanceId: "V", config: { image: "y" } });
    const { instanceId, config, skipsSecrets, followsSchedule } = old;
    const reverted = transition(updated, { kind: "reverted", to: old }, moment);
    expect(reverted).toMatchObject({ state: "stopped", instanceId, config, skipsSecrets, followsSchedule });
    expect(
      transition({ ...updated, skipsSecrets: true }, { kind: "reverted", to: made("stopped") }, moment),
    ).toMatchObject({ skipsSecrets: false });
  });

  it("restarts after a failure by default, at most ten times in five minutes", () => {
    const config = { image: "x" };
    expect(transition(made("started", { config }), exit, moment)?.state).toBe("restarting");
    const tired = made("started", { config, restartedAt: Array(10).fill(500) });
    expect(transition(tired, exit, moment)?.state).toBe("stopped");
    expect(transition(tired, exit, { ...moment, now: 500 + 300_000 })?.state).toBe("restarting");
  });

  it("is not restarted where it was asked to stop", () => {
    const config = { image: "x", restart: { policy: "always" } };
    const stopping = transition(made("started", { config }), { kind: "stop_requested" }, moment);
    expect(stopping?.state).toBe("stopping");
    expect(transition(stopping ?? made("created"), exit, moment)?.state).toBe("stopped");
    const killed: Change = { kind: "exited", exit: { code: 0, signal: 9 } };
    expect(transition(made("started", { config, signalSent: 9 }), killed, moment)?.state).toBe("stopped");
  });

  it("keeps its newest fifty events", () => {
    let machine = made("stopped");
    for (let n = 0; n < 60; n++) {
      machine =
        transition(machine, { kind: "launched", by: "user" }, { now: n, eventId: `E${n}` }) ?? machine;
      machine = transition(machine, exit, { now: n, eventId: `X${n}` }) ?? machine;
    }
    expect(machine.events).toHaveLength(50);
    expect(machine.events[0]?.id).toBe("X59");
  });
});

it("a machine without a name gets one that no other has", () => {
  const drawn: string[] = [];
  const name = machineName((each) => drawn.push(each) < 4);
  expect([drawn.length, drawn.at(-1)]).toEqual([4, name]);
});

/** A run in a test's own hands: its steps over a store in memory, a clock that the test moves, and machines that answer as told. */

import { expect } from "vitest";
import type { Machine, MachineExit, MachineState } from "../../src/core/machine.ts";
import { Drive } from "../../src/flow/drive.ts";
import { advance, type FlowPorts } from "../../src/flow/flow.ts";
import type { Machines } from "../../src/flow/ports.ts";
import { type Story, T0 } from "./a-run.ts";
import { memoryStore } from "./memory-store.ts";
import { noSecrets } from "./no-secrets.ts";

export const NAME = "the machine's id";

export function aMachine(state: MachineState, exit: MachineExit | null = null, started = true): Machine {
  const events = [
    ...(exit ? [{ type: "exit", status: "stopped", source: "flyd", at: T0, exit }] : []),
    ...(started ? [{ type: "start", status: "started", source: "flyd", at: T0 + 500, exit: null }] : []),
  ];
  return { id: NAME, name: NAME, state, region: null, createdAt: T0, events, metadata: {} };
}

export const exitCode = (code: number): MachineExit => ({
  code,
  signal: null,
  oomKilled: false,
  requestedStop: false,
  at: T0 + 900,
});

/** A run with a Machines API that answers as told; whatever it is not told of fails the test. */
export function world(story: Story, nowMs: number, machines: Partial<Machines>, neverAsked = false) {
  const stored = memoryStore(story.state);
  const { store, state } = stored;
  const calls: string[] = [];
  let now = nowMs;
  const told = new Proxy(machines, {
    get: (target, call: keyof Machines) => {
      const answer = target[call] as ((...args: unknown[]) => unknown) | undefined;
      return (...args: unknown[]) => {
        calls.push(call);
        if (!answer) throw new Error(`${call} was not expected`);
        return answer(...args);
      };
    },
  }) as Machines;
  const ports: FlowPorts = {
    store,
    machines: told,
    blobs: { put: async () => {}, get: async () => null },
    clock: { now: () => now },
    secrets: noSecrets,
    drivers: { nudge: async () => {} },
    defaultRegion: null,
    organizationLimit: null,
  };
  const drive = new Drive(state(), neverAsked);
  /** Takes steps until something is so, moving the clock over each pause. */
  const until = async (so: () => boolean, maxSteps = 50) => {
    for (let step = 0; step < maxSteps && !so(); step++) {
      const next = await advance(ports, drive);
      if (next === "done") return;
      now += next.pauseMs;
    }
    expect(so(), `not so after ${maxSteps} steps: ${calls.join(", ")}`).toBe(true);
  };
  return {
    ports,
    drive,
    until,
    state,
    events: () => stored.events,
    calls,
    now: () => now,
    final: () => state().run.settledAt !== null,
    released: () => !state().run.open,
  };
}

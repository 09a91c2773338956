/**
 * Many runs in a test's own hands: real submits, steps and sweeps over a store in memory, machines that last as long as they are
 * told, and a clock that jumps to whatever is next. Drivers can be deaf: then calls for them are lost.
 */

import type { Machine } from "../../src/core/machine.ts";
import type { RunState } from "../../src/core/run.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { cancel } from "../../src/flow/cancel.ts";
import { Drive } from "../../src/flow/drive.ts";
import { advance, type FlowPorts } from "../../src/flow/flow.ts";
import type { Drivers, Machines } from "../../src/flow/ports.ts";
import { submit } from "../../src/flow/submit.ts";
import { sweep } from "../../src/flow/sweep.ts";
import { aRunId, aSpec, T0 } from "./a-run.ts";
import { MemoryStore } from "./memory-store.ts";
import { noSecrets } from "./no-secrets.ts";

interface FakeMachine {
  runId: string;
  from: number;
  /** When its command ends by itself, or was ended. */
  to: number;
  /** While it is lost nobody is told of it, and it can not be destroyed. */
  seen: "lost" | "truth";
}

export interface QueueWorldOptions {
  organizationLimit?: number | null;
  /** Calls for drivers are lost, but for those of the sweep. */
  deaf?: boolean;
}

export class QueueWorld {
  readonly store = new MemoryStore();
  readonly machines = new Map<string, FakeMachine>();
  organizationLimit: number | null;
  deaf: boolean;
  now = T0;
  /** When each driver wants to go on; none where it is not there. */
  readonly #wakeAt = new Map<string, number>();
  readonly #drives = new Map<string, Drive>();
  /** What a run's command takes, in milliseconds. */
  readonly #takes = new Map<string, number>();

  constructor({ organizationLimit = null, deaf = false }: QueueWorldOptions = {}) {
    this.organizationLimit = organizationLimit;
    this.deaf = deaf;
  }

  /** Orders a run whose command takes so long. Its id is that of the moment. */
  async order(spec: Partial<RunSpec>, takesMs = 1000): Promise<string> {
    const ids = { runId: (nowMs: number) => aRunId(nowMs) };
    const order = { orgId: "default", spec: aSpec({ capture: "none", ...spec }), originId: null, key: null };
    const { state } = await submit({ ...this.ports(), drivers: this.#drivers, ids }, order);
    this.#takes.set(state.run.id, takesMs);
    this.now += 1;
    return state.run.id;
  }

  async cancel(runId: string): Promise<void> {
    await cancel({ ...this.ports(), drivers: this.#drivers }, runId);
  }

  /** The minute's sweep, which everybody hears. */
  async sweep(): Promise<void> {
    const wake = async (runId: string) => this.#call(runId);
    const drivers = { ...this.#drivers, wake, nudge: wake };
    await sweep({ ...this.ports(), drivers, orgId: "default" });
  }

  /** All drivers die, and nobody comes back by itself. */
  crash(): void {
    this.#wakeAt.clear();
    this.#drives.clear();
  }

  run(runId: string): RunState {
    const stored = this.store.runs.get(runId);
    if (!stored) throw new Error(`there is no run ${runId}`);
    return stored.state;
  }

  machineOf(runId: string): FakeMachine {
    const machine = [...this.machines.values()].find((one) => one.runId === runId);
    if (!machine) throw new Error(`run ${runId} has no machine`);
    return machine;
  }

  /** Runs in the order in which they got their turn. */
  begun(): string[] {
    return [...this.store.runs.values()]
      .flatMap(({ state: { run, attempts } }) =>
        attempts[0] ? [{ id: run.id, at: attempts[0].createAskedAt }] : [],
      )
      .toSorted((a, b) => a.at - b.at)
      .map(({ id }) => id);
  }

  /** The most commands that were at work at once, of these runs or of all. */
  mostAtOnce(runIds: string[] | null = null): number {
    const all = [...this.machines.values()].filter(({ runId }) => runIds?.includes(runId) ?? true);
    return Math.max(
      0,
      ...all.map(({ from }) => all.filter((one) => one.from <= from && from < one.to).length),
    );
  }

  /** Lets whoever is next go on, until something is so or nobody has anything to do before `beforeMs`. */
  async until(so: () => boolean = () => false, beforeMs = T0 + 3_600_000): Promise<void> {
    for (let steps = 0; steps < 10_000; steps++) {
      if (so()) return;
      const next = [...this.#wakeAt.entries()].sort(([, a], [, b]) => a - b)[0];
      if (next === undefined || next[1] > beforeMs) return;
      this.now = Math.max(this.now, next[1]);
      await this.#step(next[0]);
    }
    throw new Error("not so after 10,000 steps");
  }

  async #step(runId: string): Promise<void> {
    const state = await this.store.load(runId);
    if (state === null) throw new Error(`there is no run ${runId}`);
    const drive = this.#drives.get(runId) ?? new Drive(state, false);
    this.#drives.set(runId, drive);
    await drive.lookAgain(this.ports());
    const next = await advance(this.ports(), drive);
    if (next === "done") this.#wakeAt.delete(runId);
    else this.#wakeAt.set(runId, this.now + next.pauseMs);
  }

  #call(runId: string): void {
    this.#wakeAt.set(runId, this.now);
  }

  readonly #drivers = {
    start: async ({ run }: RunState) => this.#call(run.id),
    nudge: async (runId: string) => {
      if (!this.deaf) this.#call(runId);
    },
    wake: async (runId: string) => this.#call(runId),
  } as unknown as Drivers;

  ports(): FlowPorts {
    return {
      store: this.store,
      machines: this.#api as Machines,
      blobs: { put: async () => {}, get: async () => null },
      clock: { now: () => this.now },
      secrets: noSecrets,
      drivers: this.#drivers,
      defaultRegion: null,
      organizationLimit: this.organizationLimit,
    };
  }

  readonly #api: Partial<Machines> = {
    create: async (name, config) => {
      const runId = config.env.MAYFLY_RUN_ID ?? "";
      const to = this.now + (this.#takes.get(runId) ?? 0);
      this.machines.set(name, { runId, from: this.now, to, seen: "truth" });
      return { kind: "created", machine: this.#seen(name) };
    },
    find: async (name) =>
      this.machines.has(name) ? { kind: "found", machine: this.#seen(name) } : { kind: "absent" },
    get: async (id) =>
      this.machines.get(id)?.seen === "lost"
        ? { kind: "absent" }
        : { kind: "found", machine: this.#seen(id) },
    wait: async (id, state) =>
      state === "started" || this.#isOver(id) ? { kind: "reached" } : { kind: "not_yet" },
    stop: async (id) => this.#end(id),
    destroy: async (id) =>
      this.machines.get(id)?.seen === "lost" ? { kind: "failed", error: "no host" } : this.#end(id),
  };

  #isOver(id: string): boolean {
    return this.now >= (this.machines.get(id)?.to ?? 0);
  }

  async #end(id: string): Promise<{ kind: "done" }> {
    const machine = this.machines.get(id);
    if (machine) machine.to = Math.min(machine.to, this.now);
    return { kind: "done" };
  }

  #seen(id: string): Machine {
    const { from = 0, to = 0 } = this.machines.get(id) ?? {};
    const over = this.#isOver(id);
    const exit = { code: 0, signal: null, oomKilled: false, requestedStop: false, at: to };
    return {
      id,
      name: id,
      state: over ? "destroyed" : "started",
      region: null,
      createdAt: from,
      events: [
        ...(over ? [{ type: "exit", status: "stopped", source: "flyd", at: to, exit }] : []),
        { type: "start", status: "started", source: "flyd", at: from, exit: null },
      ],
      metadata: {},
    };
  }
}

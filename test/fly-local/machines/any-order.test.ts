import { describe, expect, it } from "vitest";
import { levels } from "../processes/levels.ts";
import { LIVES, machines, processesOf, serve } from "../support.ts";

/** mulberry32: the same numbers from the same seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const MACHINES = 6;
const CALLS = 25;
/** Where a machine is left by itself; the others pass. */
const RESTING = ["started", "stopped", "suspended", "destroyed"];
const isAtRest = (state: string) => RESTING.includes(state);
const config = { image: "alpine", init: { exec: LIVES }, stop_config: { timeout: "200ms" } };
const calls: [string, string, unknown?][] = [
  ["POST", "/start"],
  ["POST", "/stop"],
  ["POST", "/stop", { signal: "SIGKILL" }],
  ["POST", "/restart"],
  ["POST", "/restart?force_stop=true"],
  ["POST", "/suspend"],
  ["POST", "/suspend"],
  ["POST", "/signal", { signal: "SIGKILL" }],
  ["POST", "/cordon"],
  ["POST", "/exec", { command: ["true"] }],
  ["POST", "", { config }],
  ["POST", "", { config, skip_launch: true }],
];

describe.each(levels)("calls in any order at level %s", async (isolation) => {
  const fly = await serve({ isolation });

  it.each([1, 2, 3])("leave each machine at rest and nothing behind (seed %i)", async (seed) => {
    const random = numbers(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const ids: string[] = [];
    for (let n = 0; n < MACHINES; n++) {
      const restart = { policy: pick(["no", "always", "on-failure"]) };
      ids.push((await fly.create(LIVES, { ...config, restart, auto_destroy: random() < 0.2 })).id);
    }
    const pending: Promise<{ status: number }>[] = [];
    for (let n = 0; n < CALLS * MACHINES; n++) {
      const [method, path, body] = pick(calls);
      pending.push(fly.call(method, `${machines}/${pick(ids)}${path}`, body));
      if (random() < 0.3) await pending.at(-1);
    }
    const statuses = (await Promise.all(pending)).map(({ status }) => status);
    expect(statuses.filter((status) => ![200, 404, 409, 412].includes(status))).toEqual([]);
    for (const id of ids) {
      const end = await fly.call("GET", `${machines}/${id}/wait?state=settled`);
      expect([200, 404]).toContain(end.status);
      // A signal is answered before the process has died of it, so that a machine at rest may be about to restart once more.
      await expect.poll(async () => (await fly.get(id)).state).toSatisfy(isAtRest);
    }
    for (const id of ids) await fly.call("DELETE", `${machines}/${id}?force=true`);
    for (const id of ids) expect((await fly.wait(id, "destroyed")).status).toBe(200);
    expect(ids.flatMap(processesOf)).toEqual([]);
  });
});

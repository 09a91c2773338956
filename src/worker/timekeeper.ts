/** The Durable Object of one shard of schedules, named by the shard's number. */

import { DurableObject } from "cloudflare:workers";
import { fireShard } from "../flow/fire-shard.ts";
import type { Timekeepers } from "../flow/ports/schedules.ts";
import { Timekeeper as Keeper } from "../flow/timekeeper.ts";
import type { Env } from "./env.ts";
import { firePorts, systemClock } from "./ports.ts";

export class Timekeeper extends DurableObject<Env> {
  readonly #keeper = new Keeper({
    clock: systemClock,
    fire: (passedOver) => fireShard(firePorts(this.env), Number(this.ctx.id.name), passedOver),
    alarmAt: () => this.ctx.storage.getAlarm(),
    setAlarm: (atMs) => this.ctx.storage.setAlarm(atMs),
    logError: (error) =>
      console.error(JSON.stringify({ level: "error", timekeeper: this.ctx.id.name, error: String(error) })),
  });

  /** There is a firing to start at a moment. */
  wake(atMs: number): Promise<void> {
    return this.#keeper.wake(atMs);
  }

  override alarm(): Promise<void> {
    return this.#keeper.alarm();
  }
}

export function durableTimekeepers(namespace: DurableObjectNamespace<Timekeeper>): Timekeepers {
  return { wake: (shard, atMs) => namespace.getByName(String(shard)).wake(atMs) };
}

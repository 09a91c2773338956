/** The timekeepers' places, one per shard. */

import type { FireReport } from "../../../src/flow/fire-shard.ts";
import type { Timekeepers } from "../../../src/flow/ports/schedules.ts";
import { Timekeeper } from "../../../src/flow/timekeeper.ts";
import { AlarmedPlaces, type PlacesWorld } from "./alarmed-places.ts";
import type { Life } from "./life.ts";

export interface KeepersWorld extends PlacesWorld {
  fire(shard: number, life: Life, passedOver: number): Promise<FireReport>;
  /** Takes note of an error that somebody met. */
  upset(who: string, error: unknown): void;
}

export class Keepers extends AlarmedPlaces<number> {
  constructor(world: KeepersWorld) {
    super(world, {
      word: "timekeeper",
      nameOf: (shard) => `shard ${shard}`,
      lateMaxMs: 90_000,
      chances: { lateBy: "an alarm is late by", secondAfter: "second alarm comes after" },
      begin: (shard, life, { alarmAt, setAlarm }) =>
        new Timekeeper({
          clock: world.clock,
          fire: (passedOver) => world.fire(shard, life, passedOver),
          alarmAt,
          setAlarm,
          logError: (error) => {
            const what = error instanceof Error ? error.message : String(error);
            world.trace.say(`${life.name} logs: ${what}`);
            // Of those `fire` takes note, one by one.
            if (!what.startsWith("firings that are tried again")) world.upset(life.name, error);
          },
        }),
    });
  }

  /** The timekeepers as others reach them. */
  timekeepers(): Timekeepers {
    return { wake: (shard, atMs) => this.wake(shard, atMs) };
  }
}

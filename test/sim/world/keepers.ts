/**
 * The timekeepers' places, as Durable Objects are: one per shard, with an alarm that outlives whoever has set it. An alarm can be
 * late, come twice or never, and new code can come beside the old one.
 */

import type { FireReport } from "../../../src/flow/fire-shard.ts";
import type { Timekeepers } from "../../../src/flow/ports/schedules.ts";
import type { Clock } from "../../../src/flow/ports.ts";
import { Timekeeper } from "../../../src/flow/timekeeper.ts";
import type { Chance } from "../chance.ts";
import type { Scheduler, Timer } from "../scheduler.ts";
import type { Trace } from "../trace.ts";
import { Life } from "./life.ts";
import { DEPLOY_OVERLAP_MAX_MS } from "./model.ts";
import { Unreachable } from "./unreachable.ts";

/** Cloudflare calls an alarm again, after two seconds at first, whose call threw or was lost. */
const ALARM_AGAIN_MS = 2000;

export interface KeepersWorld {
  chance: Chance;
  time: Scheduler;
  trace: Trace;
  /** The worker's clock, which jumps. */
  clock: Clock;
  isDown(): boolean;
  fire(shard: number, life: Life, passedOver: number): Promise<FireReport>;
  /** Takes note of an error that somebody met. */
  upset(who: string, error: unknown): void;
}

interface Place {
  shard: number;
  alarm: { timer: Timer; atMs: number } | null;
  held: { life: Life; keeper: Timekeeper } | null;
  /** Its alarm is being answered; another one waits for the end of that. */
  isRinging: boolean;
}

export class Keepers {
  readonly #world: KeepersWorld;
  readonly #places = new Map<number, Place>();
  #born = 0;

  constructor(world: KeepersWorld) {
    this.#world = world;
  }

  /** Ends every timekeeper. */
  goDown(): void {
    for (const { held } of this.#places.values()) held?.life.end("everything is down");
  }

  /** New code takes over; what is under way with the old one goes on for a while. */
  deploy(): void {
    const { chance, time } = this.#world;
    for (const place of this.#places.values()) {
      const { held } = place;
      if (held === null) continue;
      place.held = null;
      time.after(chance.between("old timekeeper lasts", 0, DEPLOY_OVERLAP_MAX_MS), () =>
        held.life.end("its code was replaced"),
      );
    }
  }

  /** The timekeepers as others reach them: over calls that can be lost. */
  timekeepers(): Timekeepers {
    return {
      wake: async (shard, atMs) => {
        const { chance, time, isDown } = this.#world;
        await time.sleep(chance.between("timekeeper is reached in", 1, 20));
        if (isDown() || chance.fault("lost wake of a timekeeper", 0.12))
          throw new Unreachable("the timekeeper is not reachable");
        const { life, keeper } = this.#held(this.#placeOf(shard));
        await new Promise<void>((resolve, reject) => {
          life.onEnd.push(() => reject(new Unreachable("the timekeeper went away")));
          keeper.wake(atMs).then(resolve, reject);
        });
        if (chance.fault("lost answer of a timekeeper", 0.05))
          throw new Unreachable("no answer from the timekeeper");
      },
    };
  }

  #placeOf(shard: number): Place {
    const place = this.#places.get(shard) ?? { shard, alarm: null, held: null, isRinging: false };
    this.#places.set(shard, place);
    return place;
  }

  #held(place: Place): NonNullable<Place["held"]> {
    if (place.held?.life.alive) return place.held;
    const { chance, trace, clock, fire, upset } = this.#world;
    const life = new Life(`timekeeper ${++this.#born} of shard ${place.shard}`, chance, trace);
    /** Storage is for the newest code alone. */
    const stored = async <T>(what: () => T) => {
      if (place.held?.life !== life) throw new Unreachable("storage: the code was replaced");
      return what();
    };
    const keeper = new Timekeeper({
      clock,
      fire: (passedOver) => fire(place.shard, life, passedOver),
      alarmAt: () => life.call("getAlarm", () => stored(() => place.alarm?.atMs ?? null)),
      setAlarm: (atMs) => life.call("setAlarm", () => stored(() => this.#setAlarm(place, atMs))),
      logError: (error) => {
        const what = error instanceof Error ? error.message : String(error);
        trace.say(`${life.name} logs: ${what}`);
        // Of those `fire` takes note, one by one.
        if (!what.startsWith("firings that are tried again")) upset(life.name, error);
      },
    });
    place.held = { life, keeper };
    return place.held;
  }

  #setAlarm(place: Place, atMs: number): void {
    const { time, clock } = this.#world;
    place.alarm?.timer.cancel();
    place.alarm = { timer: time.after(atMs - clock.now(), () => this.#comeDue(place, atMs)), atMs };
  }

  #comeDue(place: Place, atMs: number): void {
    const { chance, time } = this.#world;
    const isLate = chance.fault("late alarm of a timekeeper", 0.1);
    const lateMs = isLate ? chance.between("an alarm is late by", 0, 90_000) : 0;
    place.alarm = { timer: time.after(lateMs, () => this.#ring(place)), atMs };
  }

  #ring(place: Place): void {
    const { chance, time, clock, trace, isDown } = this.#world;
    const again = () => this.#setAlarm(place, clock.now() + ALARM_AGAIN_MS);
    // Only one alarm of a place is answered at a time.
    if (isDown() || place.isRinging) {
      again();
      return;
    }
    place.alarm = null;
    if (chance.fault("lost alarm of a timekeeper", 0.1)) {
      trace.say(`the alarm of shard ${place.shard} is lost`);
      return;
    }
    this.#answer(place);
    if (chance.fault("second alarm of a timekeeper", 0.1))
      time.after(chance.between("second alarm comes after", 0, 500), () => {
        if (!isDown()) this.#answer(place);
      });
  }

  #answer(place: Place): void {
    const { life, keeper } = this.#held(place);
    let isOver = false;
    place.isRinging = true;
    const over = (isDone: boolean) => {
      if (isOver) return;
      isOver = true;
      place.isRinging = false;
      if (!isDone && place.alarm === null) this.#setAlarm(place, this.#world.clock.now() + ALARM_AGAIN_MS);
    };
    life.onEnd.push(() => over(false));
    keeper.alarm().then(
      () => over(true),
      () => over(false),
    );
  }
}

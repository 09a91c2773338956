/**
 * The notifiers' places, as Durable Objects are: one per name, with an alarm and what it keeps, which outlive whoever has set them. An alarm
 * can be late, come twice or never, and new code can come beside the old one.
 */

import { Notifier, type NotifierPause } from "../../../src/flow/notifier.ts";
import type { NotifyReport } from "../../../src/flow/notify.ts";
import type { Notifiers } from "../../../src/flow/ports/notifications.ts";
import type { Clock } from "../../../src/flow/ports.ts";
import type { Chance } from "../chance.ts";
import type { Scheduler, Timer } from "../scheduler.ts";
import type { Trace } from "../trace.ts";
import { Life } from "./life.ts";
import { DEPLOY_OVERLAP_MAX_MS } from "./model.ts";
import { Unreachable } from "./unreachable.ts";

/** Cloudflare calls an alarm again, after two seconds at first, whose call threw or was lost. */
const ALARM_AGAIN_MS = 2000;

export interface NotifierWorld {
  chance: Chance;
  time: Scheduler;
  trace: Trace;
  /** The worker's clock, which jumps. */
  clock: Clock;
  isDown(): boolean;
  work(name: string, life: Life, news: () => Promise<void>): Promise<NotifyReport>;
  /** Takes note of what somebody says of an error. */
  upsetBy(who: string, problem: string): void;
}

interface Place {
  name: string;
  alarm: { timer: Timer; atMs: number } | null;
  pause: NotifierPause | null;
  held: { life: Life; notifier: Notifier } | null;
  /** Its alarm is being answered; another one waits for the end of that. */
  isRinging: boolean;
}

export class NotifierPlaces {
  readonly #world: NotifierWorld;
  readonly #places = new Map<string, Place>();
  #born = 0;

  constructor(world: NotifierWorld) {
    this.#world = world;
  }

  /** Ends every notifier. */
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
      time.after(chance.between("old notifier lasts", 0, DEPLOY_OVERLAP_MAX_MS), () =>
        held.life.end("its code was replaced"),
      );
    }
  }

  /** The notifiers as others reach them: over calls that can be lost. */
  notifiers(): Notifiers {
    return {
      wake: async (name, atMs) => {
        const { chance, time, isDown } = this.#world;
        await time.sleep(chance.between("notifier is reached in", 1, 20));
        if (isDown() || chance.fault("lost wake of a notifier", 0.12))
          throw new Unreachable("the notifier is not reachable");
        const { life, notifier } = this.#held(this.#placeOf(name));
        await new Promise<void>((resolve, reject) => {
          life.onEnd.push(() => reject(new Unreachable("the notifier went away")));
          notifier.wake(atMs).then(resolve, reject);
        });
        if (chance.fault("lost answer of a notifier", 0.05))
          throw new Unreachable("no answer from the notifier");
      },
    };
  }

  #placeOf(name: string): Place {
    const place = this.#places.get(name) ?? {
      ...{ name, alarm: null, pause: null, held: null, isRinging: false },
    };
    this.#places.set(name, place);
    return place;
  }

  #held(place: Place): NonNullable<Place["held"]> {
    if (place.held?.life.alive) return place.held;
    const { chance, trace, clock, work, upsetBy } = this.#world;
    const life = new Life(`notifier ${++this.#born} of ${place.name}`, chance, trace);
    /** Storage is for the newest code alone. */
    const stored = <T>(name: string, what: () => T) =>
      life.call(name, async () => {
        if (place.held?.life !== life) throw new Unreachable("storage: the code was replaced");
        return what();
      });
    const notifier = new Notifier({
      clock,
      work: (news) => work(place.name, life, news),
      alarmAt: () => stored("getAlarm", () => place.alarm?.atMs ?? null),
      setAlarm: (atMs) => stored("setAlarm", () => this.#setAlarm(place, atMs)),
      pause: () => stored("getPause", () => place.pause),
      setPause: (pause) =>
        stored("setPause", () => {
          place.pause = pause;
        }),
      logError: (error) => {
        const what = error instanceof Error ? error.message : String(error);
        trace.say(`${life.name} logs: ${what}`);
        for (const problem of what.split("; ")) upsetBy(life.name, problem);
      },
    });
    place.held = { life, notifier };
    return place.held;
  }

  #setAlarm(place: Place, atMs: number): void {
    const { time, clock } = this.#world;
    place.alarm?.timer.cancel();
    place.alarm = { timer: time.after(atMs - clock.now(), () => this.#comeDue(place, atMs)), atMs };
  }

  #comeDue(place: Place, atMs: number): void {
    const { chance, time } = this.#world;
    const isLate = chance.fault("late alarm of a notifier", 0.1);
    const lateMs = isLate ? chance.between("an alarm of a notifier is late by", 0, 60_000) : 0;
    place.alarm = { timer: time.after(lateMs, () => this.#ring(place)), atMs };
  }

  #ring(place: Place): void {
    const { chance, time, clock, trace, isDown } = this.#world;
    // Only one alarm of a place is answered at a time.
    if (isDown() || place.isRinging) {
      this.#setAlarm(place, clock.now() + ALARM_AGAIN_MS);
      return;
    }
    place.alarm = null;
    if (chance.fault("lost alarm of a notifier", 0.1)) {
      trace.say(`the alarm of the notifier of ${place.name} is lost`);
      return;
    }
    this.#answer(place);
    if (chance.fault("second alarm of a notifier", 0.1))
      time.after(chance.between("second alarm of a notifier after", 0, 500), () => {
        if (!isDown()) this.#answer(place);
      });
  }

  #answer(place: Place): void {
    const { life, notifier } = this.#held(place);
    let isOver = false;
    place.isRinging = true;
    const over = (isDone: boolean) => {
      if (isOver) return;
      isOver = true;
      place.isRinging = false;
      if (!isDone && place.alarm === null) this.#setAlarm(place, this.#world.clock.now() + ALARM_AGAIN_MS);
    };
    life.onEnd.push(() => over(false));
    notifier.alarm().then(
      () => over(true),
      () => over(false),
    );
  }
}

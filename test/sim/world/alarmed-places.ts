/**
 * Places as Durable Objects are: one per key, with an alarm that outlives whoever has set it. An alarm can be late, come twice or never, and
 * new code can come beside the old one.
 */

import type { Clock } from "../../../src/flow/ports.ts";
import type { Chance } from "../chance.ts";
import type { Scheduler, Timer } from "../scheduler.ts";
import type { Trace } from "../trace.ts";
import { Life } from "./life.ts";
import { DEPLOY_OVERLAP_MAX_MS } from "./model.ts";
import { Unreachable } from "./unreachable.ts";

/** Cloudflare calls an alarm again, after two seconds at first, whose call threw or was lost. */
const ALARM_AGAIN_MS = 2000;

export interface PlacesWorld {
  chance: Chance;
  time: Scheduler;
  trace: Trace;
  /** The worker's clock, which jumps. */
  clock: Clock;
  isDown(): boolean;
}

/** What stands in a place, from its first call until its life ends. */
export interface Tenant {
  wake(atMs: number): Promise<void>;
  alarm(): Promise<void>;
}

/** What a tenant keeps in its place, as far as all do; each call can be the last of its life. */
export interface PlaceStorage {
  alarmAt(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
  /** Anything else that is kept there, under a name of the call. */
  stored<T>(name: string, what: () => T): Promise<T>;
}

export interface PlacesOf<Key> {
  /** What one is called in faults and stories. */
  word: string;
  /** A place's name in a story. */
  nameOf(key: Key): string;
  /** How late an alarm is at most, in milliseconds. */
  lateMaxMs: number;
  /** The names of two chances, by which seeds stay what they are. */
  chances: { lateBy: string; secondAfter: string };
  /** A new one in a place, with what it keeps there. */
  begin(key: Key, life: Life, storage: PlaceStorage): Tenant;
}

interface Place<Key> {
  key: Key;
  alarm: { timer: Timer; atMs: number } | null;
  held: { life: Life; tenant: Tenant } | null;
  /** Its alarm is being answered; another one waits for the end of that. */
  isRinging: boolean;
}

export class AlarmedPlaces<Key> {
  readonly #world: PlacesWorld;
  readonly #kind: PlacesOf<Key>;
  readonly #places = new Map<Key, Place<Key>>();
  #born = 0;

  constructor(world: PlacesWorld, kind: PlacesOf<Key>) {
    this.#world = world;
    this.#kind = kind;
  }

  /** Ends everyone. */
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
      time.after(chance.between(`old ${this.#kind.word} lasts`, 0, DEPLOY_OVERLAP_MAX_MS), () =>
        held.life.end("its code was replaced"),
      );
    }
  }

  /** Wakes one as others do: over calls that can be lost. */
  async wake(key: Key, atMs: number): Promise<void> {
    const { chance, time, isDown } = this.#world;
    const { word } = this.#kind;
    await time.sleep(chance.between(`${word} is reached in`, 1, 20));
    if (isDown() || chance.fault(`lost wake of a ${word}`, 0.12))
      throw new Unreachable(`the ${word} is not reachable`);
    const { life, tenant } = this.#held(this.#placeOf(key));
    await new Promise<void>((resolve, reject) => {
      life.onEnd.push(() => reject(new Unreachable(`the ${word} went away`)));
      tenant.wake(atMs).then(resolve, reject);
    });
    if (chance.fault(`lost answer of a ${word}`, 0.05)) throw new Unreachable(`no answer from the ${word}`);
  }

  #placeOf(key: Key): Place<Key> {
    const place = this.#places.get(key) ?? { key, alarm: null, held: null, isRinging: false };
    this.#places.set(key, place);
    return place;
  }

  #held(place: Place<Key>): NonNullable<Place<Key>["held"]> {
    if (place.held?.life.alive) return place.held;
    const { chance, trace } = this.#world;
    const { word, nameOf, begin } = this.#kind;
    const life = new Life(`${word} ${++this.#born} of ${nameOf(place.key)}`, chance, trace);
    /** Storage is for the newest code alone. */
    const stored = <T>(name: string, what: () => T) =>
      life.call(name, async () => {
        if (place.held?.life !== life) throw new Unreachable("storage: the code was replaced");
        return what();
      });
    const tenant = begin(place.key, life, {
      alarmAt: () => stored("getAlarm", () => place.alarm?.atMs ?? null),
      setAlarm: (atMs) => stored("setAlarm", () => this.#setAlarm(place, atMs)),
      stored,
    });
    place.held = { life, tenant };
    return place.held;
  }

  #setAlarm(place: Place<Key>, atMs: number): void {
    const { time, clock } = this.#world;
    place.alarm?.timer.cancel();
    place.alarm = { timer: time.after(atMs - clock.now(), () => this.#comeDue(place, atMs)), atMs };
  }

  #comeDue(place: Place<Key>, atMs: number): void {
    const { chance, time } = this.#world;
    const { word, lateMaxMs, chances } = this.#kind;
    const isLate = chance.fault(`late alarm of a ${word}`, 0.1);
    const lateMs = isLate ? chance.between(chances.lateBy, 0, lateMaxMs) : 0;
    place.alarm = { timer: time.after(lateMs, () => this.#ring(place)), atMs };
  }

  #ring(place: Place<Key>): void {
    const { chance, time, clock, trace, isDown } = this.#world;
    const { word, nameOf, chances } = this.#kind;
    // Only one alarm of a place is answered at a time.
    if (isDown() || place.isRinging) {
      this.#setAlarm(place, clock.now() + ALARM_AGAIN_MS);
      return;
    }
    place.alarm = null;
    if (chance.fault(`lost alarm of a ${word}`, 0.1)) {
      trace.say(`the alarm of the ${word} of ${nameOf(place.key)} is lost`);
      return;
    }
    this.#answer(place);
    if (chance.fault(`second alarm of a ${word}`, 0.1))
      time.after(chance.between(chances.secondAfter, 0, 500), () => {
        if (!isDown()) this.#answer(place);
      });
  }

  #answer(place: Place<Key>): void {
    const { life, tenant } = this.#held(place);
    let isOver = false;
    place.isRinging = true;
    const over = (isDone: boolean) => {
      if (isOver) return;
      isOver = true;
      place.isRinging = false;
      if (!isDone && place.alarm === null) this.#setAlarm(place, this.#world.clock.now() + ALARM_AGAIN_MS);
    };
    life.onEnd.push(() => over(false));
    tenant.alarm().then(
      () => over(true),
      () => over(false),
    );
  }
}

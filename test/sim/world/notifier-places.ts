/** The notifiers' places, one per name, each with what it keeps of its pause. */

import { Notifier, type NotifierPause } from "../../../src/flow/notifier.ts";
import type { NotifyReport } from "../../../src/flow/notify.ts";
import type { Notifiers } from "../../../src/flow/ports/notifications.ts";
import { AlarmedPlaces, type PlacesWorld } from "./alarmed-places.ts";
import type { Life } from "./life.ts";

export interface NotifierWorld extends PlacesWorld {
  work(name: string, life: Life, news: () => Promise<void>): Promise<NotifyReport>;
  /** Takes note of what somebody says of an error. */
  upsetBy(who: string, problem: string): void;
}

export class NotifierPlaces extends AlarmedPlaces<string> {
  constructor(world: NotifierWorld) {
    const pauses = new Map<string, NotifierPause | null>();
    super(world, {
      word: "notifier",
      nameOf: (name) => name,
      lateMaxMs: 60_000,
      chances: {
        lateBy: "an alarm of a notifier is late by",
        secondAfter: "second alarm of a notifier after",
      },
      begin: (name, life, { alarmAt, setAlarm, stored }) =>
        new Notifier({
          clock: world.clock,
          work: (news) => world.work(name, life, news),
          alarmAt,
          setAlarm,
          pause: () => stored("getPause", () => pauses.get(name) ?? null),
          setPause: (pause) =>
            stored("setPause", () => {
              pauses.set(name, pause);
            }),
          logError: (error) => {
            const what = error instanceof Error ? error.message : String(error);
            world.trace.say(`${life.name} logs: ${what}`);
            for (const problem of what.split("; ")) world.upsetBy(life.name, problem);
          },
        }),
    });
  }

  /** The notifiers as others reach them. */
  notifiers(): Notifiers {
    return { wake: (name, atMs) => this.wake(name, atMs) };
  }
}

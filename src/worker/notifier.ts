/** The Durable Object that tells one webhook, named by its id, takes up what is in the outbox, or starts jobs after others. */

import { DurableObject, waitUntil } from "cloudflare:workers";
import { handOver } from "../flow/hand-over.ts";
import { type NotifierPause, Notifier as Teller } from "../flow/notifier.ts";
import { sendDue, takeUpOutbox } from "../flow/notify.ts";
import { CHAINS_NOTIFIER, type Notifiers, OUTBOX_NOTIFIER } from "../flow/ports/notifications.ts";
import type { Env } from "./env.ts";
import { handOverPorts, notifyPorts, systemClock } from "./ports.ts";

/** The key of what it keeps. */
const PAUSE = "pause";

export class Notifier extends DurableObject<Env> {
  readonly #teller = new Teller({
    clock: systemClock,
    work: (news) => {
      const name = this.ctx.id.name ?? "";
      if (name === CHAINS_NOTIFIER) return handOver(handOverPorts(this.env));
      const ports = notifyPorts(this.env);
      return name === OUTBOX_NOTIFIER ? takeUpOutbox(ports) : sendDue(ports, name, news);
    },
    alarmAt: () => this.ctx.storage.getAlarm(),
    setAlarm: (atMs) => this.ctx.storage.setAlarm(atMs),
    pause: async () => (await this.ctx.storage.get<NotifierPause>(PAUSE)) ?? null,
    setPause: async (pause) => {
      if (pause === null) await this.ctx.storage.delete(PAUSE);
      else await this.ctx.storage.put(PAUSE, pause);
    },
    logError: (error) =>
      console.error(JSON.stringify({ level: "error", notifier: this.ctx.id.name, error: String(error) })),
  });

  /** There is something to do at a moment. */
  wake(atMs: number): Promise<void> {
    return this.#teller.wake(atMs);
  }

  override alarm(): Promise<void> {
    return this.#teller.alarm();
  }
}

export function durableNotifiers(namespace: DurableObjectNamespace<Notifier>): Notifiers {
  return { wake: (name, atMs) => namespace.getByName(name).wake(atMs) };
}

/** Has one of them do what there is to do, and keeps nobody waiting for that. A call that is lost is made good by the minute's cron. */
export function callNotifier(namespace: DurableObjectNamespace<Notifier>, name: string): void {
  waitUntil(
    durableNotifiers(namespace)
      .wake(name, systemClock.now())
      .catch(() => undefined),
  );
}

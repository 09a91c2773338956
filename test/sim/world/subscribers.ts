/** The subscribers of simulated webhooks: what each does with what it is sent, and all that ever reached one. */

import { NOTIFICATION_TIMEOUT_MS } from "../../../src/core/limits.ts";
import type { SendResult } from "../../../src/core/notification/attempt.ts";
import type { DueNotification } from "../../../src/flow/ports/notifications.ts";
import type { StoredWebhook } from "../../../src/flow/ports/webhooks.ts";
import type { WebhookEdge } from "../../../src/flow/tell-webhooks.ts";
import type { World } from "./world.ts";

/** How one is all the time, storm or not. */
export interface Nature {
  /** It never answers. */
  isGone: boolean;
  /** It takes nothing of some lines for so long after the storm; null where it takes what comes. */
  chokesForMs: number | null;
  /** Since when it has taken nothing as the seed begins; null where that is not so. */
  failingSince: number | null;
}

/** A notification that has come to its subscriber. */
export interface Reception {
  at: number;
  notification: DueNotification;
  /** Whether the subscriber keeps it, whatever it says. */
  isTaken: boolean;
}

export class Subscribers {
  /** In order. */
  readonly received: Reception[] = [];
  /** By webhook. */
  readonly natures = new Map<string, Nature>();
  /** Webhooks that have said that they are gone. */
  readonly saidGone = new Set<string>();
  readonly #world: World;
  readonly #chokes = new Map<string, boolean>();

  constructor(world: World) {
    this.#world = world;
  }

  natureOf(webhookId: string): Nature {
    return this.natures.get(webhookId) ?? { isGone: false, chokesForMs: null, failingSince: null };
  }

  /** Whether a subscriber takes nothing of a line, for now. */
  chokesOn({ target, line }: Pick<DueNotification, "target" | "line">): boolean {
    const { chokesForMs } = this.natureOf(target);
    if (chokesForMs === null) return false;
    const { calmSince, time, chance } = this.#world;
    if (calmSince !== null && time.now() - calmSince > chokesForMs) return false;
    const key = `${target} ${line}`;
    const chokes = this.#chokes.get(key) ?? chance.number("chokes on a line") < 0.4;
    this.#chokes.set(key, chokes);
    return chokes;
  }

  /** Whether it ever took nothing of a line. */
  everChoked({ target, line }: Pick<DueNotification, "target" | "line">): boolean {
    return this.#chokes.get(`${target} ${line}`) === true;
  }

  /** One attempt, with its way there and back. */
  readonly send: WebhookEdge["send"] = async (webhook, notification) => {
    const { chance, time, workerClock } = this.#world;
    const [at, beganAt] = [workerClock.now(), time.now()];
    await time.sleep(chance.between("a notification is on its way", 1, 150));
    const { status, isTaken, retryAfterMs = null } = this.#fateOf(webhook, notification);
    if (status === 410) this.saidGone.add(webhook.id);
    if (status !== "refused") this.received.push({ at: time.now(), notification, isTaken });
    const answer = isTaken ? "is taken" : "comes";
    if (status !== "refused")
      this.#world.trace.say(
        `${notification.type} of ${notification.line} ${answer} at ${webhook.id}: ${status}`,
      );
    const isSilent = status === "silent";
    if (isSilent) await time.sleep(NOTIFICATION_TIMEOUT_MS);
    else await time.sleep(chance.between("a subscriber answers in", 1, 150));
    const told = typeof status === "number" ? { status, answer: "" } : { status: null, answer: null };
    const error = isSilent ? "no answer in time" : status === "refused" ? "connection refused" : null;
    const ms = time.now() - beganAt;
    return { at, ms, ...told, error: error ?? (isTaken ? null : `it answered ${status}`), retryAfterMs };
  };

  #fateOf(webhook: StoredWebhook, notification: DueNotification): Fate {
    const { chance } = this.#world;
    if (this.natureOf(webhook.id).isGone || chance.fault("a subscriber is down", 0.2))
      return { status: "refused", isTaken: false };
    if (this.chokesOn(notification)) return { status: 500, isTaken: false };
    if (chance.fault("a subscriber dies after taking a notification", 0.1))
      return { status: "silent", isTaken: true };
    if (chance.fault("a subscriber is slow", 0.1)) return { status: "silent", isTaken: false };
    if (chance.fault("a subscriber answers 500", 0.15)) return { status: 500, isTaken: false };
    if (chance.fault("a subscriber answers 429", 0.1))
      return { status: 429, isTaken: false, retryAfterMs: chance.between("retry after", 1, 120) * 1000 };
    if (chance.fault("a subscriber answers 410", 0.01)) return { status: 410, isTaken: false };
    return { status: 200, isTaken: true };
  }
}

interface Fate {
  /** What it answers; nothing in time, or its computer refuses the connection. */
  status: number | "silent" | "refused";
  isTaken: boolean;
  retryAfterMs?: SendResult["retryAfterMs"];
}

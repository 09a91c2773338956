/** Send again: what somebody asks for by hand, of a notification that is over or that waits for its next attempt. */

import { HURRY_BATCH_LINES, HURRY_MAX_BATCHES } from "../core/limits.ts";
import type { Notification, NotificationStore, Notifiers } from "./ports/notifications.ts";
import type { Clock } from "./ports.ts";

export interface SendAgainPorts {
  notifications: NotificationStore;
  notifiers: Notifiers;
  clock: Clock;
  orgId: string;
}

/** One that is over is sent once more, one that waits is due now; where it waits for one before it in its line, that one is. */
export async function sendAgain(ports: SendAgainPorts, told: Notification): Promise<void> {
  const { notifications, clock, orgId } = ports;
  const { target, id } = told;
  const now = clock.now();
  if (!(await notifications.resend(orgId, target, id, now)))
    await notifications.hurry((await notifications.waitedFor(told)) ?? told, now);
  await call(ports, target);
}

/** All that waits for its next attempt at a target is due now: whoever asks for it has mended what was wrong there. */
export async function hurryTarget(
  ports: Pick<SendAgainPorts, "notifications" | "notifiers" | "clock">,
  target: string,
): Promise<void> {
  const { notifications, clock } = ports;
  const now = clock.now();
  // What is more than this stays with its own time.
  for (let batches = 0; batches < HURRY_MAX_BATCHES; batches++)
    if ((await notifications.hurryAll(target, HURRY_BATCH_LINES, now)) < HURRY_BATCH_LINES) break;
  await call(ports, target);
}

/** The minute's cron makes good what is not heard. */
async function call(
  { notifiers, clock }: Pick<SendAgainPorts, "notifiers" | "clock">,
  target: string,
): Promise<void> {
  await notifiers.wake(target, clock.now()).catch(() => undefined);
}

/** How one notification stands, and the button that sends it again. */

import type { NotificationBody } from "../../api/webhook-schema.ts";
import { Age, Until } from "./times.tsx";
import { NotificationBadge } from "./webhook-badge.tsx";

type Told = Pick<NotificationBody, "state" | "next_at" | "ended_at">;

export function NotificationStanding({ notification, nowMs }: { notification: Told; nowMs: number }) {
  const { state, next_at: nextAt, ended_at: endedAt } = notification;
  return (
    <div class="state">
      <NotificationBadge state={state} />
      <span class="muted">
        {endedAt !== null && <Age at={endedAt} nowMs={nowMs} />}
        {state === "pending" &&
          (nextAt === null ? (
            "waits for the one before it in its run"
          ) : (
            <>
              {"next attempt "}
              <Until at={nextAt} nowMs={nowMs} />
            </>
          ))}
      </span>
    </div>
  );
}

/**
 * Nothing while it is on its way.
 * @param path its page
 */
export function SendAgain({ path, endedAt }: { path: string; endedAt: string | null }) {
  if (endedAt === null) return null;
  return (
    <form method="post" action={`${path}/resend`}>
      <input type="hidden" name="ended_at" value={endedAt} />
      <button type="submit" id="resend">
        Send again
      </button>
    </form>
  );
}

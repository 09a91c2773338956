/** How one notification stands, and the button that sends it again. */

import type { NotificationBody } from "../../api/webhook-schema.ts";
import { Age, Until } from "./times.tsx";
import { NotificationBadge } from "./webhook-badge.tsx";

type Told = Pick<NotificationBody, "state" | "next_at" | "ended_at">;

const ONE_BEFORE = "the one before it in its run";

interface Props {
  notification: Told;
  /** The page of the one before it that it waits for; null where that is not known, or it waits for none. */
  waitsFor: string | null;
  /** What must be there before it can be sent; absent where nothing is missing. */
  missing?: string | null;
  nowMs: number;
}

export function NotificationStanding({ notification, waitsFor, missing = null, nowMs }: Props) {
  const { state, next_at: nextAt, ended_at: endedAt } = notification;
  return (
    <div class="state">
      <NotificationBadge state={state} />
      <span class="muted">
        {endedAt !== null && <Age at={endedAt} nowMs={nowMs} />}
        {state === "pending" &&
          (nextAt === null ? (
            <>
              {"waits for "}
              {waitsFor === null ? ONE_BEFORE : <a href={waitsFor}>{ONE_BEFORE}</a>}
            </>
          ) : (
            <>
              {missing !== null && `waits for ${missing}, `}
              {"next attempt "}
              <Until at={nextAt} nowMs={nowMs} />
            </>
          ))}
      </span>
    </div>
  );
}

/** @param path its page @param endedAt null while it is on its way: then it is sent at once */
export function SendAgain({ path, endedAt }: { path: string; endedAt: string | null }) {
  return (
    <form method="post" action={`${path}/resend`}>
      <input type="hidden" name="ended_at" value={endedAt ?? ""} />
      <button type="submit" id="resend">
        {endedAt === null ? "Send now" : "Send again"}
      </button>
    </form>
  );
}

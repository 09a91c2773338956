import { WEBHOOK_FAILING_MAX_MS } from "../../../src/core/limits.ts";
import type { Check } from "./check.ts";

interface Row {
  id: string;
  disabled_at: number | null;
  failing_since: number | null;
}

export const webhooksEndForAReason: Check = {
  name: "a webhook is disabled, with an alert, where its subscriber says that it is gone or takes nothing for long, and nowhere else",
  begin: (world) => ({
    atEnd() {
      const { switchboard } = world;
      if (switchboard === null) return null;
      const { stored, subscribers } = switchboard;
      for (const { id, disabled_at } of stored.rows<Row>("SELECT * FROM webhooks")) {
        const alerts = stored.rows(
          "SELECT 1 FROM alerts WHERE type = 'webhook_disabled' AND schedule = ?",
          id,
        );
        if (alerts.length !== (disabled_at === null ? 0 : 1))
          return `${id} is ${disabled_at === null ? "in force" : "disabled"} with ${alerts.length} alerts of that`;
        if (subscribers.saidGone.has(id)) continue;
        const { failingSince } = subscribers.natureOf(id);
        const isLong =
          failingSince !== null &&
          disabled_at !== null &&
          disabled_at - failingSince >= WEBHOOK_FAILING_MAX_MS;
        if (disabled_at !== null && !isLong) return `${id} is disabled, and it did not fail for long`;
        const taken = stored.rows(
          "SELECT 1 FROM notifications WHERE webhook_id = ? AND state = 'delivered' AND ended_at < ?",
          ...[id, (disabled_at ?? 0) - 2 * world.clockOffMaxMs],
        );
        if (disabled_at !== null && taken.length > 0)
          return `${id} is disabled, and it took what it was sent`;
      }
      return null;
    },
  }),
};

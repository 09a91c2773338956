import type { RunEvent } from "../../../src/core/event.ts";
import type { NotificationState } from "../../../src/core/notification/attempt.ts";
import type { StoredRun } from "../../support/memory-store.ts";
import type { Reception } from "../world/subscribers.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

/** Calls that are late, made by old code, or under way when another was over. */
const LATE_MS = 90_000;
/** For retries that were put off in the storm, and ticks that wake notifiers whose alarms were lost. */
const SOON_MS = 25 * 60_000;

interface WebhookRow {
  id: string;
  spec: string;
  disabled_at: number | null;
}

interface Row {
  webhook_id: string;
  line: string;
  seq: number;
  id: string;
  state: NotificationState;
  tries_from: number;
  ended_at: number | null;
}

/** What has happened. */
interface ToldFact {
  /** As what it is told, the most telling first. */
  types: readonly string[];
  job: string | null;
}

/** Something that a webhook is to be told of. */
interface Expected {
  target: string;
  line: string;
  seq: number;
  type: string;
  /** By a right clock. */
  at: number;
  takenAt: number | null;
}

export const notificationsComeInOrder: Check = {
  name: "a webhook is told of all that it is subscribed to, run by run in order, and of nothing else",
  begin(world) {
    const { switchboard } = world;
    if (switchboard === null) return {};
    const { stored, subscribers } = switchboard;
    const expected = new Map<string, Expected>();
    const facts = new Map<string, ToldFact>();
    const ids = new Map<string, string>();
    /** By run, how many of its events were seen; and of the alerts. */
    const seen = new Map<string, number>();
    let heard = 0;
    const expect = (line: string, seq: number, fact: ToldFact) => {
      facts.set(`${line} ${seq}`, fact);
      for (const webhook of stored.rows<WebhookRow>("SELECT id, spec, disabled_at FROM webhooks")) {
        const type = typeAt(webhook, fact);
        if (type === undefined || webhook.disabled_at !== null) continue;
        const told = { target: webhook.id, line, seq, type, at: world.time.now(), takenAt: null };
        expected.set(keyOf(told), told);
      }
    };
    return {
      onChange({ state: { run }, events }: StoredRun) {
        for (const { seq, event } of events.slice(seen.get(run.id) ?? 0))
          expect(run.id, seq, { types: typesOf(event), job: run.job?.name ?? null });
        seen.set(run.id, events.length);
        return null;
      },
      afterStep() {
        const alerts = stored.rows<{ seq: number; type: string; job: string }>(
          "SELECT seq, type, job FROM alerts WHERE seq > ? ORDER BY seq",
          seen.get("alerts") ?? 0,
        );
        for (const { seq, type, job } of alerts) {
          expect(`alert_${seq}`, seq, { types: [type.replace("_", ".")], job: job === "" ? null : job });
          seen.set("alerts", seq);
        }
        for (; heard < subscribers.received.length; heard++) {
          const wrong = wrongReception(world, expected, facts, ids, subscribers.received[heard] as Reception);
          if (wrong !== null) return wrong;
        }
        return null;
      },
      atEnd: () => wrongAtEnd(world, expected),
    };
  },
};

function wrongReception(
  world: World,
  expected: Map<string, Expected>,
  facts: Map<string, ToldFact>,
  ids: Map<string, string>,
  { at, isTaken, notification }: Reception,
): string | null {
  const { target, line, seq, id, type } = notification;
  const what = `${type} of ${line} at ${target}`;
  const key = keyOf(notification);
  if ((ids.get(key) ?? id) !== id) return `${what} comes as ${id}, and came as ${ids.get(key)}`;
  ids.set(key, id);
  const told = expected.get(key);
  // One that is there when the fact is taken up is told of it, too.
  const wanted = told?.type ?? typeFor(world, target, facts.get(`${line} ${seq}`));
  if (wanted !== type && line !== OLD_LINE)
    return `${what} comes, which is ${wanted ?? "nothing that it is told of"}`;
  const row = rowOf(world, notification);
  const overMs = at + world.clockOffMs - (row?.ended_at ?? at) - 2 * world.clockOffMaxMs;
  if (row?.state !== "pending" && overMs > LATE_MS)
    return `${what} comes ${overMs} ms after it was ${row?.state}`;
  for (const before of expected.values()) {
    if (before.target !== target || before.line !== line || before.seq >= seq || before.takenAt !== null)
      continue;
    const its = rowOf(world, before)?.state;
    if (its !== "given_up" && its !== "dropped" && !wasDisabled(world, target))
      return `${what} comes, and the ${before.type} before it has not been taken`;
  }
  if (told && isTaken) told.takenAt ??= at;
  return null;
}

function wrongAtEnd(world: World, expected: Map<string, Expected>): string | null {
  const { subscribers, stored } = world.switchboard as NonNullable<World["switchboard"]>;
  const [left] = stored.rows<{ source: string }>("SELECT source FROM outbox");
  if (left) return `what there is to tell of ${left.source} was not taken up`;
  for (const row of stored.rows<Row>("SELECT * FROM notifications WHERE kind = 'webhook'")) {
    const what = `the ${row.line} ${row.seq} of ${row.webhook_id}`;
    const isTaken = subscribers.received.some((one) => one.isTaken && one.notification.id === row.id);
    if (row.state === "delivered" && !isTaken) return `${what} is told to be delivered, and it never was`;
    if (row.state === "pending") return `${what} is pending still`;
    if (row.state === "dropped" && !wasDisabled(world, row.webhook_id)) return `${what} was dropped`;
    if (row.state === "given_up" && row.line !== OLD_LINE) return `${what} was given up`;
  }
  for (const told of expected.values()) {
    if (wasDisabled(world, told.target)) continue;
    const what = `the ${told.type} of ${told.line} at ${told.target}`;
    if (told.takenAt === null)
      return `${what} was never taken: it is ${rowOf(world, told)?.state ?? "not there"}`;
    const { chokesForMs } = subscribers.natureOf(told.target);
    const soonest = Math.max(told.at, world.calmSince ?? 0);
    if (told.takenAt - soonest > SOON_MS && !(chokesForMs !== null && subscribers.everChoked(told)))
      return `${what} came only ${told.takenAt - soonest} ms after it could have`;
  }
  return null;
}

/** What a seed has from before its beginning. */
const OLD_LINE = "run_of_before";

function rowOf(world: World, { target, line, seq }: Pick<Expected, "target" | "line" | "seq">): Row | null {
  const [row = null] =
    world.switchboard?.stored.rows<Row>(
      "SELECT * FROM notifications WHERE webhook_id = ? AND line = ? AND seq = ?",
      ...[target, line, seq],
    ) ?? [];
  return row;
}

function wasDisabled(world: World, id: string): boolean {
  const [row] =
    world.switchboard?.stored.rows<{ at: number | null }>(
      "SELECT disabled_at AS at FROM webhooks WHERE id = ?",
      id,
    ) ?? [];
  return row?.at !== null;
}

function keyOf({ target, line, seq }: Pick<Expected, "target" | "line" | "seq">): string {
  return `${target} ${line} ${seq}`;
}

function typeFor(world: World, id: string, fact: ToldFact | undefined): string | undefined {
  const [webhook] =
    world.switchboard?.stored.rows<WebhookRow>(
      "SELECT id, spec, disabled_at FROM webhooks WHERE id = ?",
      id,
    ) ?? [];
  return webhook && fact && typeAt(webhook, fact);
}

function typeAt({ spec }: WebhookRow, { types, job }: ToldFact): string | undefined {
  const { events, jobs } = JSON.parse(spec) as { events: string[]; jobs: string[] | null };
  const isAbout = jobs === null || (job !== null && jobs.includes(job));
  return isAbout ? types.find((each) => events.includes(each)) : undefined;
}

/** As what an event is told, the most telling first. */
function typesOf(event: RunEvent): string[] {
  switch (event.type) {
    case "accepted":
      return ["run.queued"];
    case "machine_started":
      return ["run.started"];
    case "attempt_failed":
      return ["run.retrying"];
    case "settled":
      return [`run.${event.status}`, "run.finished"];
    default:
      return [];
  }
}

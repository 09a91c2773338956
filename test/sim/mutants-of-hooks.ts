/** Rules about hooks, chains, webhooks and reports, each broken in one way, to see that the simulator notices. */

import type { Module, Mutant } from "./mutants.ts";

const MUTANTS: readonly Mutant[] = [
  {
    name: "a delivery's run is stored without its row",
    module: "d1/deliveries",
    breaks: () => ({ deliveredBy: () => [] }),
    caughtBy: "is in its ledger",
  },
  {
    name: "whoever calls a hook is believed",
    module: "hooks/verify",
    breaks: () => ({ verify: async () => true }),
    caughtBy: "is in its ledger",
  },
  {
    name: "a hook's rules let all pass",
    module: "core/hook/filter",
    breaks: () => ({
      judge: (_filter: Module, { changes }: Module) => ({ verdict: "take", change: changes[0] ?? null }),
    }),
    caughtBy: "is in its ledger",
  },
  {
    name: "of several refs the first is taken",
    firstSeed: 71,
    module: "core/hook/parts",
    breaks: ({ partsOf }) => ({
      partsOf: (delivery: Module) => ({ parts: partsOf(delivery).parts.slice(0, 1), rest: null }),
    }),
    caughtBy: "is in its ledger",
  },
  {
    name: "a long body is cut short",
    firstSeed: 754,
    module: "flow/whole-body",
    breaks: () => ({ keepWhole: async () => {} }),
    caughtBy: "all of it is kept",
  },
  {
    name: "a settled run is noted for nobody who follows it",
    firstSeed: 66,
    module: "support/sqlite-d1",
    breaks: withoutTrigger("handovers_settled"),
    caughtBy: "each job that follows it is started once",
  },
  {
    name: "a run is started after another, and what waits for it goes on waiting",
    firstSeed: 66,
    module: "d1/handovers",
    breaks: () => ({ handedOverBy: () => [] }),
    caughtBy: "each job that follows it is started once",
  },
  {
    name: "a job that is paused follows others",
    firstSeed: 475,
    module: "core/chain/handover",
    breaks: ({ endingOf }) => ({
      endingOf: (job: Module, ...more: unknown[]) => endingOf(job && { ...job, isPaused: false }, ...more),
    }),
    caughtBy: "each job that follows it is started once",
  },
  {
    name: "jobs go round in a circle for ever",
    firstSeed: 2731,
    module: "core/chain/handover",
    breaks: ({ endingOf }) => ({
      endingOf: (...args: unknown[]) => {
        const ending = endingOf(...args);
        return ending?.verdict === "bounded" ? null : ending;
      },
    }),
    caughtBy: "each job that follows it is started once",
  },
  {
    name: "nobody counts how many runs are before one",
    firstSeed: 71,
    module: "core/chain/upstream",
    breaks: ({ upstreamOf }) => ({
      upstreamOf: (ended: Module) => {
        const upstream = upstreamOf(ended);
        return { ...upstream, chain: { ...upstream.chain, depth: 1 } };
      },
    }),
    caughtBy: "each job that follows it is started once",
  },
  {
    name: "what is to be started is taken up by whoever hears of it at once, or never",
    firstSeed: 3932,
    module: "flow/hand-over",
    breaks: () => ({ wakeChains: async () => {} }),
    caughtBy: "each job that follows it is started once",
  },
  {
    name: "events of runs are noted for no webhook",
    firstSeed: 166,
    module: "support/sqlite-d1",
    breaks: withoutTrigger("outbox_run_events"),
    caughtBy: "a webhook is told of all",
  },
  {
    name: "what there is to tell is told by whoever hears of it at once, or never",
    firstSeed: 411,
    module: "flow/notify",
    breaks: () => ({ wakeNotifiers: async () => 0 }),
    caughtBy: "a webhook is told of all",
  },
  {
    name: "a webhook is not told that a run has started",
    firstSeed: 166,
    module: "flow/tell-webhooks",
    breaks: ({ webhookReader }) => ({
      webhookReader: (...args: unknown[]) => {
        const reader = webhookReader(...args);
        return {
          read: async (row: Module) => (row.fact.event?.type === "machine_started" ? [] : reader.read(row)),
        };
      },
    }),
    caughtBy: "a webhook is told of all",
  },
  {
    name: "any answer counts as a good one",
    firstSeed: 166,
    module: "core/notification/attempt",
    breaks: ({ afterAttempt }) => ({
      afterAttempt: (tried: Module, result: Module, now: number) =>
        result.status === null ? afterAttempt(tried, result, now) : { state: "delivered", nextAt: null },
    }),
    caughtBy: "a webhook is told of all",
  },
  {
    name: "what fails once is given up",
    firstSeed: 166,
    module: "core/notification/attempt",
    breaks: ({ afterAttempt }) => ({
      afterAttempt: (...args: unknown[]) => {
        const after = afterAttempt(...args);
        return after.state === "pending" ? { state: "given_up", nextAt: null } : after;
      },
    }),
    caughtBy: "a webhook is told of all",
  },
  {
    name: "a notification has another id each time",
    firstSeed: 166,
    module: "d1/notification-store",
    breaks: notificationsWith(({ due }) => ({
      due: async (...asked: unknown[]) =>
        (await due(...asked)).map((each: Module) => ({ ...each, id: `${each.id}${each.tries}` })),
    })),
    caughtBy: "a webhook is told of all",
  },
  {
    name: "what is of one line is sent without waiting for what is before it",
    firstSeed: 166,
    module: "d1/notification-store",
    breaks: notificationsWith(({ takeUp }, database) => ({
      takeUp: async (rows: Module, told: Module, at: number) => {
        await takeUp(rows, told, at);
        await database
          .prepare("UPDATE notifications SET next_at = ? WHERE state = 'pending' AND next_at IS NULL")
          .bind(at)
          .run();
      },
    })),
    caughtBy: "a webhook is told of all",
  },
  {
    name: "a line is sent once those before it are through",
    firstSeed: 568,
    module: "d1/notification-store",
    breaks: notificationsWith((store, database) => {
      const first = async (target: string) =>
        database
          .prepare(
            "SELECT line, next_at FROM notifications WHERE webhook_id = ? AND next_at IS NOT NULL ORDER BY line",
          )
          .bind(target)
          .first();
      return {
        due: async (target: string, ...more: unknown[]) => {
          const head = await first(target);
          return (await store.due(target, ...more)).filter(({ line }: Module) => line === head?.line);
        },
        nextDueAt: async (target: string) => (await first(target))?.next_at ?? null,
      };
    }),
    caughtBy: "a webhook is told of all",
  },
  {
    name: "a webhook that fails once is disabled",
    firstSeed: 166,
    module: "core/webhook/standing",
    breaks: () => ({ whyDisable: () => "it failed" }),
    caughtBy: "a webhook is disabled",
  },
  {
    name: "a webhook that is gone is tried for ever",
    firstSeed: 1147,
    module: "core/webhook/standing",
    breaks: () => ({ whyDisable: () => null }),
    caughtBy: "a webhook is told of all",
  },
  {
    name: "an older run's report takes the place of a newer one's",
    firstSeed: 1147,
    module: "d1/report-ledger",
    breaks: ({ d1Reports }) => ({
      d1Reports: (database: Module) => ({ ...d1Reports(database), overtakenBy: async () => null }),
    }),
    caughtBy: "what its newest run came to",
  },
  {
    name: "nobody reports how a run ended",
    module: "core/commit-status/status",
    breaks: ({ commitStatusOf }) => ({
      commitStatusOf: (fact: Module, ...more: unknown[]) =>
        fact.event.type === "settled" ? null : commitStatusOf(fact, ...more),
    }),
    caughtBy: "what its newest run came to",
  },
];

export const MUTANTS_OF_HOOKS: readonly Mutant[] = MUTANTS.map((mutant) => ({ ...mutant, ofHooks: true }));

/** A database whose migrations lack a trigger. */
function withoutTrigger(name: string): Mutant["breaks"] {
  return ({ SqliteD1 }) => ({
    SqliteD1: class extends SqliteD1 {
      constructor() {
        super();
        this.sqlite.exec(`DROP TRIGGER ${name}`);
      }
    },
  });
}

/** The store of notifications with calls that are done otherwise. */
function notificationsWith(
  changed: (store: Module, database: Module) => Record<string, unknown>,
): Mutant["breaks"] {
  return ({ d1Notifications }) => ({
    d1Notifications: (database: unknown) => {
      const store = d1Notifications(database);
      return { ...store, ...changed(store, database) };
    },
  });
}

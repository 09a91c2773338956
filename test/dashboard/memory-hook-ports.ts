/** The ports of the pages of hooks and webhooks in memory. */

import type { DeliveryBody, StoredHookBody, TriedBody } from "../../src/api/delivery-schema.ts";
import type { ReportBody } from "../../src/api/report-ledger-schema.ts";
import type { NotificationBody } from "../../src/api/webhook-schema.ts";
import { AppError } from "../../src/core/error.ts";
import { PAGE_JOBS_MAX, PAGE_LEDGER_MAX } from "../../src/core/limits.ts";
import type { HookName, HookPorts } from "../../src/dashboard/hook-ports.ts";
import type { ShownWebhook, WebhookPorts } from "../../src/dashboard/webhook-ports.ts";
import { deliverySummaryOf, notificationId, notificationSummaryOf, reportSummaryOf } from "./hook-factory.ts";
import { NOW } from "./run-factory.ts";

export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** What the ports know; a test changes it at will. */
export interface HooksInMemory {
  hooks: StoredHookBody[];
  /** By "job/hook", newest first; also of hooks that are there no more. */
  deliveries: Record<string, DeliveryBody[]>;
  /** Likewise. */
  reports: Record<string, ReportBody[]>;
  tried: TriedBody;
  webhooks: ShownWebhook[];
  /** By webhook, newest first. */
  notifications: Record<string, NotificationBody[]>;
  /** Why the next form is refused. */
  refusal: AppError | null;
}

export const noHooks = (): HooksInMemory => ({
  hooks: [],
  deliveries: {},
  reports: {},
  tried: { deliveries: [] },
  webhooks: [],
  notifications: {},
  refusal: null,
});

export function memoryHookPorts(known: HooksInMemory, calls: string[]): HookPorts & WebhookPorts {
  const nameOf = ({ job, name }: HookName): string => `${job}/${name}`;
  const hook = (key: HookName) => known.hooks.find((each) => nameOf(each) === nameOf(key)) ?? null;
  const webhook = (id: string) => known.webhooks.find((each) => each.id === id) ?? null;
  const note = (call: string): void => {
    calls.push(call);
    if (known.refusal !== null) throw known.refusal;
  };
  return {
    async listHooks(job, cursor) {
      const from = known.hooks.filter(
        (each) => (job === null || each.job === job) && (cursor === null || nameOf(each) > cursor),
      );
      const page = from.slice(0, PAGE_JOBS_MAX);
      const last = from.length > page.length ? page.at(-1) : undefined;
      return { hooks: page, next_cursor: last === undefined ? null : nameOf(last) };
    },
    hooksOf: async (job) => known.hooks.filter((each) => each.job === job),
    getHook: async (key) => hook(key),
    async deliveries(key, { verdict, text, run, cursor }) {
      if (run !== null && run !== "" && !run.startsWith("run_"))
        throw new AppError("invalid_input", "must be the id of a run", "query.run");
      const ledger = known.deliveries[nameOf(key)];
      if (ledger === undefined && hook(key) === null) return null;
      const found = (ledger ?? []).filter(
        (each) =>
          (verdict === null || each.verdict === verdict) &&
          (run === null || run === "" || each.run_id === run) &&
          (text === null || each.body?.includes(text) === true) &&
          (cursor === null || each.received_at < cursor),
      );
      const page = found.slice(0, PAGE_LEDGER_MAX);
      const next = found.length > page.length ? (page.at(-1)?.received_at ?? null) : null;
      return { deliveries: page.map(deliverySummaryOf), next_cursor: next };
    },
    async getDelivery(key, id) {
      const ledger = known.deliveries[nameOf(key)] ?? [];
      const delivery = ledger.find((each) => each.id === id);
      const resends = ledger.filter(({ resend_of }) => resend_of === id).length;
      return delivery === undefined ? null : { delivery, resends, isKeptWhole: delivery.body_complete };
    },
    async tryRules(key, rules) {
      note(`try ${nameOf(key)} ${JSON.stringify(rules)}`);
      return hook(key) && known.tried;
    },
    async rotateHook(key, since) {
      note(`rotate ${nameOf(key)} since ${since}`);
      return hook(key) !== null;
    },
    async resendDelivery(key, id, after) {
      note(`resend ${nameOf(key)} ${id} after ${after}`);
      const found = (known.deliveries[nameOf(key)] ?? []).find((each) => each.id === id);
      if (found === undefined) return null;
      const { verdict, why, detail, run_id, received_at } = found;
      const told = { verdict, why, detail, run_id, received_at, duplicate: false, repeats: 0 };
      return { delivery: `${id}+resend.${after + 1}`, ...told };
    },
    async reports(key, { state, run, cursor }) {
      if (run !== null && run !== "" && !run.startsWith("run_"))
        throw new AppError("invalid_input", "must be the id of a run", "query.run");
      const ledger = known.reports[nameOf(key)];
      if (ledger === undefined && hook(key) === null) return null;
      const found = (ledger ?? []).filter(
        (each) =>
          (state === null || each.state === state) &&
          (run === null || run === "" || each.run_id === run) &&
          (cursor === null || each.id < cursor),
      );
      const page = found.slice(0, PAGE_LEDGER_MAX);
      const next = found.length > page.length ? (page.at(-1)?.id ?? null) : null;
      return { reports: page.map(reportSummaryOf), next_cursor: next };
    },
    async getReport(key, id) {
      return (known.reports[nameOf(key)] ?? []).find((each) => each.id === id) ?? null;
    },
    async resendReport(key, id, endedAt) {
      note(`resend ${nameOf(key)} ${id} of ${endedAt}`);
      return (known.reports[nameOf(key)] ?? []).some((each) => each.id === id);
    },
    async reportsOfRun(key, runId) {
      const ofRun = (known.reports[nameOf(key)] ?? []).filter(({ run_id }) => run_id === runId);
      return ofRun.toReversed().map(reportSummaryOf);
    },

    listWebhooks: async () => known.webhooks,
    getWebhook: async (id) => webhook(id),
    newWebhookSecret: () => SECRET,
    async createWebhook(input, once) {
      note(`create ${JSON.stringify(input)} ${once}`);
      return "wh_new";
    },
    async changeWebhook(id, input) {
      note(`change ${id} ${JSON.stringify(input)}`);
      return webhook(id) !== null;
    },
    async rotateWebhook(id, secret, updatedAt) {
      note(`secret of ${id} ${secret} ${updatedAt}`);
      return webhook(id) !== null;
    },
    async enableWebhook(id, isEnabled) {
      note(`enable ${id} ${isEnabled}`);
      const found = webhook(id);
      if (found !== null) found.disabled_at = isEnabled ? null : new Date(NOW).toISOString();
      return found !== null;
    },
    async deleteWebhook(id) {
      note(`delete ${id}`);
      return webhook(id) !== null;
    },
    async testWebhook(id) {
      note(`test ${id}`);
      return webhook(id) && notificationId(9);
    },
    async notifications(id, { state, type, run }) {
      if (type !== null && type !== "" && !type.includes("."))
        throw new AppError("invalid_input", "must be one of run.queued, run.failed", "query.type");
      if (webhook(id) === null) return null;
      const found = (known.notifications[id] ?? []).filter(
        (each) =>
          (state === null || each.state === state) &&
          (type === null || type === "" || each.type === type) &&
          (run === null || run === "" || each.run_id === run),
      );
      const page = found.slice(0, PAGE_LEDGER_MAX);
      const next = found.length > page.length ? (page.at(-1)?.id ?? null) : null;
      return { notifications: page.map(notificationSummaryOf), next_cursor: next };
    },
    async getNotification({ webhook: of, id }) {
      return (known.notifications[of] ?? []).find((each) => each.id === id) ?? null;
    },
    async resendNotification({ webhook: of, id }, endedAt) {
      note(`resend ${of} ${id} of ${endedAt}`);
      return (known.notifications[of] ?? []).some((each) => each.id === id);
    },
    async toldOfRun(runId) {
      return known.webhooks.flatMap((each) =>
        (known.notifications[each.id] ?? [])
          .filter(({ run_id }) => run_id === runId)
          .map((notification) => ({ webhook: each, notification: notificationSummaryOf(notification) })),
      );
    },
  };
}

/** What the pages of hooks need, from what the API has. */

import { checked } from "../api/checked.ts";
import { deliverPortsOf } from "../api/delivered-order.ts";
import { deliveryBody, receiptOf } from "../api/delivery-body.ts";
import { tryInputSchema } from "../api/delivery-schema.ts";
import { filterOf } from "../api/hook-schema.ts";
import type { ApiPorts } from "../api/ports.ts";
import { loadDelivery, loadHook, shownHook, shownHooks } from "../api/routes/hooks/answers.ts";
import { deliveryFilter, deliveryQuery, pageOfDeliveries } from "../api/routes/hooks/deliveries.ts";
import { pageOfHooks } from "../api/routes/hooks/list.ts";
import {
  loadReport,
  pageOfReports,
  reportFilter,
  reportQuery,
  resendReport,
  shownReport,
  shownReports,
} from "../api/routes/hooks/reports.ts";
import { triedRules } from "../api/routes/hooks/try.ts";
import { loadJob } from "../api/routes/jobs/answers.ts";
import { timeOrNull } from "../api/run-body.ts";
import { reportTarget } from "../core/commit-status/report.ts";
import { AppError } from "../core/error.ts";
import { HOOK_TRY_DEFAULT, PAGE_JOBS_MAX, PAGE_LEDGER_MAX, PAGE_TOLD_MAX } from "../core/limits.ts";
import type { HookPorts } from "../dashboard/hook-ports.ts";
import { resend } from "../flow/resend.ts";
import { isKeptWhole, withWholeBody } from "../flow/whole-body.ts";
import { isDone, orNull } from "./or-null.ts";
import { said } from "./said.ts";

export function hookPagePorts(ports: ApiPorts): HookPorts {
  const { hooks, notifications, ids, clock, orgId } = ports;
  return {
    listHooks: (job, cursor, url) =>
      pageOfHooks(ports, { job: job ?? undefined, cursor: cursor ?? undefined, limit: PAGE_JOBS_MAX }, url),
    hooksOf: async (job, url) => shownHooks(ports, await hooks.ofJob(orgId, job), url),
    getHook: (key, url) => orNull(loadHook(ports, key).then((hook) => shownHook(ports, hook, url))),
    deliveries(key, query) {
      const filter = deliveryFilter(checked(deliveryQuery, said(query), "query"));
      return orNull(pageOfDeliveries(ports, key, { ...filter, limit: PAGE_LEDGER_MAX }));
    },
    async getDelivery(key, id, hasBody) {
      const found = await orNull(loadDelivery(ports, { ...key, delivery: id }));
      if (found === null) return null;
      const resends = await hooks.resends({ orgId, ...key }, found.originId ?? found.id);
      try {
        const shown = hasBody ? await withWholeBody(ports.bodies, found) : found;
        const delivery = deliveryBody(shown);
        return {
          delivery,
          resends,
          isKeptWhole: delivery.body_complete || (!hasBody && (await isKeptWhole(ports.bodies, found))),
        };
      } catch (error) {
        // All else about it is known.
        if (!(error instanceof AppError) || error.code !== "unavailable") throw error;
        return { delivery: deliveryBody(found), resends, isKeptWhole: null };
      }
    },
    async tryRules(key, rules) {
      const { limit: _limit, ...given } = checked(tryInputSchema, rules, null);
      const hook = await orNull(loadHook(ports, key));
      if (hook === null) return null;
      return triedRules(ports, hook, { filter: filterOf(given), map: hook.spec.map }, HOOK_TRY_DEFAULT);
    },
    rotateHook: (key, since) =>
      isDone(
        loadHook(ports, key).then((hook) =>
          hook.urlSince > Date.parse(since) ? hook : hooks.rotate(hook, ids.hookId(), clock.now()),
        ),
      ),
    async resendDelivery(key, id, after) {
      const found = await orNull(
        Promise.all([
          loadHook(ports, key),
          loadJob(ports.jobs, orgId, key.job),
          loadDelivery(ports, { ...key, delivery: id }),
        ]),
      );
      // A form that is sent twice is one: as long as it stands, nobody else has resent what it shows.
      return found && receiptOf(await resend(deliverPortsOf(ports), ...found, `page ${after}`));
    },
    reports(key, query) {
      const filter = reportFilter(checked(reportQuery, said(query), "query"));
      return orNull(pageOfReports(ports, key, { ...filter, limit: PAGE_LEDGER_MAX }));
    },
    getReport: (key, id) => orNull(shownReport(ports, { ...key, report: id })),
    async resendReport(key, id, endedAt) {
      const report = { ...key, report: id };
      const found = await orNull(loadReport(ports, report));
      if (found === null) return false;
      return (timeOrNull(found.endedAt) ?? "") !== endedAt || isDone(resendReport(ports, report));
    },
    async reportsOfRun(key, runId) {
      const target = reportTarget({ orgId, ...key });
      return shownReports(ports, key, await notifications.ofLine(orgId, [target], runId, PAGE_TOLD_MAX));
    },
  };
}

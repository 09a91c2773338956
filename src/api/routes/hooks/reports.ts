/** /v1/jobs/{job}/hooks/{name}/reports: what a hook's runs have told of their commits, and how that went. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { reportTarget } from "../../../core/commit-status/report.ts";
import { AppError } from "../../../core/error.ts";
import { isRunId } from "../../../core/id.ts";
import { LIST_LIMIT_DEFAULT } from "../../../core/limits.ts";
import { NOTIFICATION_STATES } from "../../../core/notification/attempt.ts";
import type { Notification, NotificationFilter } from "../../../flow/ports/notifications.ts";
import { sendAgain } from "../../../flow/send-again.ts";
import { asHookSays } from "../../../flow/tell-commits.ts";
import type { ApiPorts } from "../../ports.ts";
import { payloadOf, reportBody, reportSummary } from "../../report-body.ts";
import {
  type ReportBody,
  type ReportListBody,
  type ReportSummaryBody,
  reportListSchema,
  reportSchema,
} from "../../report-ledger-schema.ts";
import { pageLimit } from "../../schema-parts.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";
import { checkHookOrLedger, hookParam, UNKNOWN_HOOK } from "./answers.ts";

const reportParam = hookParam.extend({
  report: z
    .string()
    .openapi({ param: { name: "report", in: "path" }, example: "msg_01jd0k3v7c9q2m8w5x4y6z7a8b" }),
});

/** What a page of the ledger can be asked for. */
export const reportQuery = z.strictObject({
  limit: pageLimit,
  state: z.enum(NOTIFICATION_STATES).optional(),
  run: z
    .string()
    .refine(isRunId, "must be the id of a run")
    .optional()
    .openapi({ description: "only those of this run" }),
  cursor: z
    .string()
    .regex(/^msg_[0-9a-z]{26}$/, "must be the next_cursor of the page before")
    .optional()
    .openapi({ description: "the next_cursor of the page before" }),
});

const UNKNOWN_REPORT = { 404: errorAnswer("there is no such report, or it is not kept any more") };
const reportAnswer = (description: string) => ({
  description,
  content: { "application/json": { schema: reportSchema } },
});

const list = createRoute({
  method: "get",
  path: "/v1/jobs/{job}/hooks/{name}/reports",
  summary: "List what a hook's runs have reported on their commits, newest first",
  description:
    "For 90 days, also where the hook is gone. A page can have fewer than asked for and not be the last.",
  request: {
    params: hookParam,
    query: reportQuery,
  },
  responses: {
    200: { description: "a page", content: { "application/json": { schema: reportListSchema } } },
    ...COMMON_ERRORS,
    ...UNKNOWN_HOOK,
  },
});

const show = createRoute({
  method: "get",
  path: "/v1/jobs/{job}/hooks/{name}/reports/{report}",
  summary: "Show a report with its attempts",
  request: { params: reportParam },
  responses: { 200: reportAnswer("what is told, and how that went"), ...COMMON_ERRORS, ...UNKNOWN_REPORT },
});

const resend = createRoute({
  method: "post",
  path: "/v1/jobs/{job}/hooks/{name}/reports/{report}/resend",
  summary: "Send a report again",
  description:
    "Where it still holds: what a newer run has reported in the same context, or its own since, is not undone. One that waits for its next attempt is sent at once; where it waits for one before it, that one is.",
  request: { params: reportParam },
  responses: { 202: reportAnswer("on its way"), ...COMMON_ERRORS, ...UNKNOWN_REPORT },
});

export function reportsRoutes(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(list, async (c) => {
    const filter = reportFilter(c.req.valid("query"));
    return c.json(await pageOfReports(ports, c.req.valid("param"), filter), 200);
  });
  app.openapi(show, async (c) => c.json(await shownReport(ports, c.req.valid("param")), 200));
  app.openapi(resend, async (c) => {
    await resendReport(ports, c.req.valid("param"));
    return c.json(await shownReport(ports, c.req.valid("param")), 202);
  });
}

export function reportFilter(query: z.output<typeof reportQuery>): NotificationFilter {
  const { limit = LIST_LIMIT_DEFAULT, state = null, run = null, cursor = null } = query;
  return { state, type: null, line: run, beforeId: cursor, limit };
}

/** One page, newest first. @throws AppError `not_found` where there is neither such a ledger nor such a hook */
export async function pageOfReports(
  ports: Pick<ApiPorts, "hooks" | "jobs" | "notifications" | "secrets" | "orgId">,
  param: { job: string; name: string },
  filter: NotificationFilter,
): Promise<ReportListBody> {
  const { notifications, orgId } = ports;
  const target = reportTarget({ orgId, ...param });
  const page = await notifications.list(orgId, target, filter);
  if (page.notifications.length === 0 && page.nextBefore === null)
    await checkHookOrLedger(ports, param, async () => {
      const any = { state: null, type: null, line: null, beforeId: null, limit: 1 };
      return (await notifications.list(orgId, target, any)).notifications.length > 0;
    });
  return { reports: await shownReports(ports, param, page.notifications), next_cursor: page.nextBefore };
}

/** Reports of one hook as a list has them. */
export async function shownReports(
  ports: Pick<ApiPorts, "hooks" | "secrets" | "orgId">,
  param: { job: string; name: string },
  reports: Notification[],
): Promise<ReportSummaryBody[]> {
  const missing = await missingTokens(ports, param, reports);
  return reports.map((report) => reportSummary(report, missing.get(report.id) ?? null));
}

/** @throws AppError `not_found` */
export async function shownReport(ports: ApiPorts, param: ReportName): Promise<ReportBody> {
  const report = await loadReport(ports, param);
  const [missing, waitsFor] = await Promise.all([
    missingTokens(ports, param, [report]),
    ports.notifications.waitedFor(report),
  ]);
  return reportBody(report, missing.get(report.id) ?? null, waitsFor);
}

/** By id, of those that are to be sent, the secret with the token that is not set. Nothing is asked where none is to be. */
async function missingTokens(
  { hooks, secrets, orgId }: Pick<ApiPorts, "hooks" | "secrets" | "orgId">,
  param: { job: string; name: string },
  reports: Notification[],
): Promise<Map<string, string>> {
  const due = reports.filter(({ state, nextAt }) => state === "pending" && nextAt !== null);
  if (due.length === 0) return new Map();
  const [hook, set] = await Promise.all([
    hooks.find({ orgId, job: param.job, name: param.name }),
    secrets.list(orgId),
  ]);
  const known = new Set(set.map(({ name }) => name));
  const tokens = due.flatMap((report): [string, string][] => {
    const token = asHookSays(hook, payloadOf(report).data)?.token;
    return token === undefined || known.has(token) ? [] : [[report.id, token]];
  });
  return new Map(tokens);
}

/** Has a report sent again that is over, or at once that waits. @throws AppError `not_found` */
export async function resendReport(ports: ApiPorts, param: ReportName): Promise<void> {
  await sendAgain(ports, await loadReport(ports, param));
}

type ReportName = z.output<typeof reportParam>;

export async function loadReport(
  { notifications, orgId }: ApiPorts,
  { job, name, report }: ReportName,
): Promise<Notification> {
  const found = await notifications.find(orgId, reportTarget({ orgId, job, name }), report);
  if (found !== null) return found;
  throw new AppError(
    "not_found",
    `there is no report ${report.slice(0, 64)} of the hook ${name} of a job ${job}`,
    "path.report",
  );
}

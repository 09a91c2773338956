/** `report` of a hook: how its runs are told of where their commits are. */

import { z } from "@hono/zod-openapi";
import {
  API_PATHS,
  defaultContext,
  type HookReport,
  isReportSource,
  type ReportSource,
} from "../core/commit-status/report.ts";
import { HOOK_SOURCES, type HookSource } from "../core/hook/spec.ts";
import * as limits from "../core/limits.ts";
import type { FieldComplaint } from "./field-complaints.ts";
import { secretNameField } from "./secret-schema.ts";
import { isObject } from "./spec-input.ts";
import { lineField } from "./text-field.ts";

const BASE_URL =
  "must be an https or http URL without user, query and fragment, such as https://ghe.example.com/api/v3";

const reportFields = z
  .strictObject({
    token: secretNameField.optional().openapi({
      description:
        "the name of a secret with a token that may set statuses. No run is given it by that. Left out, it is that of the job's checkout",
      example: "GITHUB_TOKEN",
    }),
    context: lineField(limits.REPORT_CONTEXT_MAX_CHARS)
      .min(1)
      .refine((text) => text.trim() === text, "can not begin or end with a space")
      .optional()
      .openapi({
        description:
          "what tells it from other statuses of a commit. Left out, it is mayfly/JOB, or mayfly/JOB/HOOK where the hook has a name of its own. What is reported under one context replaces what was",
        example: "mayfly/build",
      }),
    base_url: z.string().max(limits.WEBHOOK_URL_MAX_CHARS).refine(isBaseUrl, BASE_URL).optional().openapi({
      description:
        "where the API is, of a source that is not at its public host; without a path its usual one is taken (/api/v3, /api/v4, /api/v1). The token is sent there and nowhere else",
      example: "https://ghe.example.com/api/v3",
    }),
  })
  .openapi("HookReport");

export const reportField = z
  .union([z.literal(true), reportFields], {
    error: (issue) =>
      typeof issue.input === "object" && issue.input !== null
        ? undefined
        : "must be true, or an object with token, context and base_url, each of which can be left out",
  })
  .openapi({
    description:
      "of a source of code: each run is reported as a status of its commit, pending until its end. true: with the token of the job's checkout",
  });
export type ReportInput = z.output<typeof reportField>;

/** The API's URL where the report names one. */
export function baseUrlOf(report: ReportInput): string | null {
  return report === true ? null : (report.base_url ?? null);
}

/** The report of a hook as the core keeps it; nothing of one that has none. */
export function reportOf(
  hook: { name?: string | undefined; source: HookSource; report?: ReportInput | undefined },
  job: string,
  checkoutToken: string | null,
): { report?: HookReport } {
  const { report, source } = hook;
  if (report === undefined || !isReportSource(source)) return {};
  const { token = checkoutToken, context } = report === true ? {} : report;
  if (token === null) return {};
  const baseUrl = baseUrlOf(report);
  return {
    report: {
      token,
      context: context ?? defaultContext(job, { name: hook.name ?? source, source }),
      apiUrl: baseUrl === null ? null : apiUrl(source, baseUrl),
    },
  };
}

/** The secret of a checkout that is right; null where it has none. */
export function checkoutTokenOf({ checkout }: { checkout?: unknown }): string | null {
  return isObject(checkout) && typeof checkout.token === "string" ? checkout.token : null;
}

/** What hooks' reports have in common with the rest of the job: they need a token, and a context of their own. */
export function reportComplaints(
  { run, hooks }: Record<string, unknown>,
  job: string,
  isRight: (path: PropertyKey[]) => boolean,
): FieldComplaint[] {
  if (!Array.isArray(hooks)) return [];
  const hasToken = isObject(run) && checkoutTokenOf(run) !== null;
  const taken = new Map<string, string>();
  return (hooks as unknown[]).flatMap((hook, index): FieldComplaint[] => {
    if (!isObject(hook) || hook.report === undefined || !isRight(["hooks", index])) return [];
    const { source, report } = hook as { source: HookSource; report: ReportInput };
    const name = typeof hook.name === "string" ? hook.name : source;
    if (!HOOK_SOURCES.includes(source) || !isReportSource(source)) return [];
    const { token, context = defaultContext(job, { name, source }) } = report === true ? {} : report;
    // GitHub knows no small and capital letters in it.
    const key = `${source} ${context.toLowerCase()}`;
    const other = taken.get(key);
    taken.set(key, other ?? name);
    return [
      ...(token !== undefined || hasToken || !isRight(["run"])
        ? []
        : [
            {
              path: ["hooks", index, "report", "token"],
              message:
                "is missing: it names the secret with a token that may set statuses, as the job's checkout has none",
            },
          ]),
      ...(other === undefined
        ? []
        : [
            {
              path: ["hooks", index, "report", "context"],
              message: `is "${context}", as that of the hook ${other} is: each would replace what the other reports`,
            },
          ]),
    ];
  });
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text) || /[?#]/.test(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && username === "" && password === "";
}

function apiUrl(source: ReportSource, baseUrl: string): string {
  const { origin, pathname, hostname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, "");
  // GitHub's hosts for its API alone have it at the root: api.github.com, api.acme.ghe.com.
  const usual = source === "github" && hostname.startsWith("api.") ? "" : API_PATHS[source];
  return `${origin}${path === "" ? usual : path}`;
}

/** Hooks as a job's definition has them. One schema validates them and appears in the OpenAPI document. */

import { z } from "@hono/zod-openapi";
import { hookComplaint } from "../core/hook/complaint.ts";
import type { HookSpec } from "../core/hook/hook.ts";
import {
  CODE_SOURCES,
  HOOK_SOURCES,
  type HookDedupe,
  type HookFilter,
  type HookMap,
  type HookSignature,
  SIGNATURE_ALGORITHMS,
  SIGNATURE_ENCODINGS,
} from "../core/hook/spec.ts";
import { JOB_NAME } from "../core/job.ts";
import * as limits from "../core/limits.ts";
import { baseUrlOf, reportField, reportOf } from "./report-schema.ts";
import { secretNameField } from "./secret-schema.ts";

/** Names of hooks are made as those of jobs are. */
export const hookNameField = z
  .string()
  .regex(
    JOB_NAME,
    `must be the name of a hook: small letters, digits and . _ -, starting with a letter or digit, at most ${limits.HOOK_NAME_MAX_CHARS} characters`,
  )
  .openapi({ example: "github" });

const patterns = (description: string, example: string[]) =>
  z
    .array(z.string().min(1))
    .min(1, "can not be empty; leave it out to let all pass")
    .max(limits.HOOK_LIST_MAX_COUNT)
    .optional()
    .openapi({ description, example });

/** A CEL expression; what is wrong inside of it is told by `hookComplaint`. */
const expression = z.string().min(1);

const headerField = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "must be the name of a header, such as X-Signature")
  .max(limits.HOOK_HEADER_MAX_CHARS);

const filterFields = {
  events: patterns(
    "names of the sender's events, also with what was done: pull_request.opened. Left out: of a source of code pushes of branches and tags, and pull requests that bring new commits (one from a branch of the repository itself comes with the push of that branch: name push or pull_request to take one of them); of others all",
    ["push", "pull_request"],
  ),
  branches: patterns(
    "globs, as GitHub Actions has them: the last one that fits decides, and one with ! in front takes away. Of a pull request the branch that it is to go into. Left out with tags: all",
    ["main", "release/**", "!release/old"],
  ),
  tags: patterns("likewise", ["v*"]),
  paths: patterns(
    "likewise, of the files that changed; where the sender does not tell all of them it starts",
    ["src/**", "!**.md"],
  ),
  if: expression.optional().openapi({
    description:
      "a CEL expression over event, action, payload, headers and change, true for what starts a run",
    example: "payload.ref == 'refs/heads/main'",
  }),
};

const mapField = z
  .strictObject({
    env: z.record(z.string(), expression).refine(isSmall, tooMany()).optional(),
    input: z
      .union(
        [expression, z.record(z.string(), expression).refine(isSmall, tooMany())],
        "must be a CEL expression, or an object with one for each field",
      )
      .optional(),
  })
  .openapi({
    description:
      "CEL expressions over event, action, payload, headers and change, whose values are variables of the command's environment, and the input",
    example: { env: { AUTHOR: "payload.pusher.name" }, input: { amount: "payload.data.object.amount" } },
  });

/** What of a hook can be tried on past deliveries. */
export const hookRulesFields = { ...filterFields, map: mapField.optional() };

/** One of `hooks`. */
export const hookSchema = z
  .strictObject({
    name: hookNameField.optional().openapi({
      description:
        "unique in the job; left out, it is the source. With its name a hook keeps its URL and its ledger",
    }),
    source: z.enum(HOOK_SOURCES).openapi({
      description:
        "who calls it. standard: whoever signs as Standard Webhooks says; generic: whoever signs as signature says",
    }),
    secret: z
      .union(
        [secretNameField, z.array(secretNameField).min(1).max(limits.HOOK_SECRETS_MAX)],
        `must be the name of a secret, or a list of 1 to ${limits.HOOK_SECRETS_MAX}`,
      )
      .openapi({
        description:
          "the name of the secret that the sender signs with, or several while one takes the place of another. Where there is none, every call is refused",
        example: "GITHUB_WEBHOOK_SECRET",
      }),
    ...hookRulesFields,
    dedupe: z
      .union(
        [z.strictObject({ header: headerField }), z.strictObject({ expression })],
        "must be an object with header or expression",
      )
      .optional()
      .openapi({
        description:
          "of generic: what tells a delivery from others, a header or a CEL expression; left out, its body",
        example: { header: "X-Delivery-Id" },
      }),
    signature: z
      .strictObject({
        header: headerField.openapi({ example: "X-Signature" }),
        algorithm: z.enum(SIGNATURE_ALGORITHMS).default("sha256"),
        encoding: z.enum(SIGNATURE_ENCODINGS).default("hex"),
        prefix: z.string().max(32).default("").openapi({ description: "in front of the signature: sha256=" }),
      })
      .optional()
      .openapi({ description: "of generic: where the HMAC of the body stands, and how it is written" }),
    report: reportField.optional(),
  })
  .superRefine((hook, context) => {
    const add = (path: PropertyKey[], message: string) => context.addIssue({ code: "custom", path, message });
    for (const field of ["branches", "tags", "paths", "report"] as const)
      if (hook[field] !== undefined && !CODE_SOURCES.has(hook.source))
        add([field], `goes with a source of code alone: ${[...CODE_SOURCES].join(", ")}`);
    if (hook.source === "generic" && hook.signature === undefined)
      add(
        ["signature"],
        "is missing; it says where a generic sender's signature stands, such as {header: X-Signature}",
      );
    for (const field of ["signature", "dedupe"] as const)
      if (hook[field] !== undefined && hook.source !== "generic")
        add([field], `goes with source: generic alone; how ${hook.source} does it is known`);
    if (hook.source === "gitea" && hook.report !== undefined && baseUrlOf(hook.report) === null)
      add(
        ["report", "base_url"],
        "is missing; it says where your Gitea is, such as https://gitea.example.com",
      );
    const complaint = hookComplaint(filterOf(hook), hook.map ?? {}, hook.dedupe ?? null);
    if (complaint !== null) add(pathOf(complaint.path), complaint.message);
  })
  .openapi("HookDefinition");
export type HookInput = z.output<typeof hookSchema>;

/** A job's `hooks`. */
export const hooksField = z
  .array(hookSchema)
  .max(limits.JOB_HOOKS_MAX)
  .superRefine((hooks, context) => {
    const names = new Set<string>();
    for (const [index, hook] of hooks.entries()) {
      const name = nameOf(hook);
      if (names.has(name))
        context.addIssue({
          code: "custom",
          path: [index, "name"],
          message: `is "${name}", as another hook of the job is; give each its own`,
        });
      names.add(name);
    }
  });

/**
 * The checked hooks as the core keeps them.
 * @param job by whose name their runs are reported
 * @param checkoutToken the secret that its checkout has; null where it has none
 */
export function toHooks(hooks: HookInput[], job: string, checkoutToken: string | null): HookSpec[] {
  return hooks.map((hook) => ({
    name: nameOf(hook),
    source: hook.source,
    secrets: [...new Set([hook.secret].flat())],
    options: {
      signature: (hook.signature as HookSignature | undefined) ?? null,
      dedupe: (hook.dedupe as HookDedupe | undefined) ?? null,
    },
    filter: filterOf(hook),
    map: mapOf(hook.map),
    ...reportOf(hook, job, checkoutToken),
  }));
}

type RulesInput = { [Field in keyof typeof filterFields]?: HookInput[Field] | undefined };

/** Of the fields of a filter those that are there. */
export function filterOf({ events, branches, tags, paths, if: condition }: RulesInput): HookFilter {
  return {
    ...(events && { events }),
    ...(branches && { branches }),
    ...(tags && { tags }),
    ...(paths && { paths }),
    ...(condition !== undefined && { if: condition }),
  };
}

export function mapOf(map: HookInput["map"]): HookMap {
  return { ...(map?.env && { env: map.env }), ...(map?.input !== undefined && { input: map.input }) };
}

/** The place in a hook that the core names, as places in requests are. */
export function pathOf(path: string): PropertyKey[] {
  return path.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
}

export function nameOf({ name, source }: Pick<HookInput, "name" | "source">): string {
  return name ?? source;
}

function isSmall(record: Record<string, string>): boolean {
  return Object.keys(record).length <= limits.HOOK_MAP_MAX;
}

function tooMany(): string {
  return `can have at most ${limits.HOOK_MAP_MAX} names`;
}

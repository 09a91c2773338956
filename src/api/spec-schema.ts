/**
 * The run spec as callers send it. One schema validates it, fills in its defaults, turns it into the core's
 * `RunSpec` and appears in the OpenAPI document.
 */

import { z } from "@hono/zod-openapi";
import { formatDuration } from "../core/duration.ts";
import { GUEST_SIZES, guestComplaint } from "../core/guest.ts";
import { imageComplaint } from "../core/image-reference.ts";
import * as limits from "../core/limits.ts";
import { regionComplaint } from "../core/region.ts";
import type { Guest, RunSpec } from "../core/run-spec.ts";
import { durationField, durationMs } from "./duration-field.ts";
import { checkQueueFields, queueSpecFields, toQueueSpec } from "./queue-schema.ts";
import { retrySchema, toRetryPolicy } from "./retry-schema.ts";
import { secretNameField } from "./secret-schema.ts";
import { isObject } from "./spec-input.ts";
import { checkStepFields, stepSpecFields, toStepSpec } from "./step-schema.ts";
import { lineField } from "./text-field.ts";
import { atMostNames, OF_ANY_LIST, OF_ANY_OBJECT, rightFields } from "./together.ts";

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Variables that a shell keeps for itself, or needs on the way to the command. */
const SHELLS_OWN = ["PATH", "IFS", "UID", "EUID", "PPID", "SHELLOPTS", "BASHOPTS"];
const TAG_KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;
const FILE_MODE = 'must be octal permission bits as text, such as "0644"';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const utf8 = new TextEncoder();
const byteLength = (text: string): number => utf8.encode(text).byteLength;

/** Text that can stand in an argument or an environment: no NUL, which would end it, and within a bound. */
function plainText(maxBytes: number, what: string) {
  return z
    .string()
    .refine((text) => !text.includes("\0"), `${what} can not contain a NUL byte`)
    .refine((text) => byteLength(text) <= maxBytes, `${what} can be at most ${maxBytes} bytes`);
}

/** A variable that a secret is given in. */
const secretVariableName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]*$/, "must be a name of letters, digits and _, starting with a letter")
  .max(limits.SECRET_NAME_MAX_CHARS)
  .refine((name) => !SHELLS_OWN.includes(name), `can not be one of ${SHELLS_OWN.join(", ")}`)
  .refine((name) => !name.startsWith("MAYFLY_"), "can not start with MAYFLY_, which is Mayfly's own");

/** A check whose sentence depends on what is wrong; empty text has its own. */
function refuses(complaintOf: (text: string) => string | null) {
  return (text: string, context: { addIssue(issue: { code: "custom"; message: string }): void }) => {
    const complaint = text === "" ? null : complaintOf(text);
    if (complaint !== null) context.addIssue({ code: "custom", message: complaint });
  };
}

function limit(example: string, fallbackMs: number, maxMs: number) {
  return durationField(example, limits.TIMEOUT_MIN_MS, maxMs).default(formatDuration(fallbackMs));
}

const fileSchema = z
  .strictObject({
    path: z
      .string()
      .max(limits.FILE_PATH_MAX_CHARS)
      .refine((path) => path.startsWith("/"), 'must be an absolute path, such as "/data/input.csv"')
      .refine((path) => !path.includes("\0"), "can not contain a NUL byte")
      .refine((path) => !path.split("/").includes(".."), 'can not contain ".."')
      .refine((path) => !path.endsWith("/"), "must name a file, not a directory")
      .refine(
        (path) => !/\/\.?\/|\/\.$/.test(path),
        'can not contain "//" or "/./", which are other names of the same file',
      )
      .openapi({ example: "/data/input.csv" }),
    content: z.string().optional().openapi({ description: "the file's text (UTF-8); either this or base64" }),
    base64: z
      .string()
      .regex(BASE64, "must be base64 with padding (RFC 4648 §4)")
      .optional()
      .openapi({ description: "the file's bytes; either this or content" }),
    mode: z
      .string(FILE_MODE)
      .regex(/^0?[0-7]{3}$/, FILE_MODE)
      .default("0644")
      .openapi({ example: "0755" }),
  })
  .refine((file) => (file.content === undefined) !== (file.base64 === undefined), {
    ...OF_ANY_OBJECT,
    error: "needs exactly one of content and base64",
  });

const machineSchema = z
  .strictObject({
    size: z
      .enum(Object.keys(GUEST_SIZES) as [string, ...string[]])
      .optional()
      .openapi({ description: "a named size with the least memory of it", example: "shared-cpu-1x" }),
    cpu_kind: z.enum(["shared", "performance"]).optional(),
    cpus: z.int().optional(),
    memory_mb: z.int().optional(),
  })
  .superRefine((machine, context) => {
    const areRight = rightFields(context);
    if (machine.size !== undefined && (machine.cpu_kind !== undefined || machine.cpus !== undefined)) {
      context.addIssue({
        code: "custom",
        path: ["size"],
        message: "give either size or cpu_kind and cpus, not both",
      });
      return;
    }
    if (!areRight("size", "cpu_kind", "cpus", "memory_mb")) return;
    const complaint = guestComplaint(guestOf(machine));
    if (complaint) context.addIssue({ code: "custom", path: [complaint.field], message: complaint.message });
  }, OF_ANY_OBJECT);

function guestOf(machine: {
  size?: string;
  cpu_kind?: "shared" | "performance";
  cpus?: number;
  memory_mb?: number;
}): Guest {
  const base = (machine.size !== undefined ? GUEST_SIZES[machine.size] : null) ?? null;
  const cpuKind = machine.cpu_kind ?? base?.cpuKind ?? "shared";
  const cpus = machine.cpus ?? base?.cpus ?? 1;
  const least = cpus * (cpuKind === "shared" ? 256 : 2048);
  return { cpuKind, cpus, memoryMb: machine.memory_mb ?? base?.memoryMb ?? least };
}

const timeoutsSchema = z.strictObject({
  queue: limit("1h", limits.QUEUE_TIMEOUT_DEFAULT_MS, limits.QUEUE_TIMEOUT_MAX_MS),
  boot: limit("2m", limits.BOOT_TIMEOUT_DEFAULT_MS, limits.BOOT_TIMEOUT_MAX_MS),
  run: limit("15m", limits.RUN_TIMEOUT_DEFAULT_MS, limits.RUN_TIMEOUT_MAX_MS),
  stop: limit("10s", limits.STOP_TIMEOUT_DEFAULT_MS, limits.STOP_TIMEOUT_MAX_MS),
});

/** What is wrong with files beside one another; those that are wrong by themselves are left out. */
function checkFiles(
  files: z.output<typeof fileSchema>[],
  areRight: (field: PropertyKey[]) => boolean,
  complain: (path: PropertyKey[], message: string) => void,
): void {
  const placed = [...files.entries()].filter(([index]) => areRight(["files", index, "path"]));
  const paths = new Set<string>();
  for (const [index, { path }] of placed) {
    if (paths.has(path)) complain(["files", index, "path"], "is named twice");
    paths.add(path);
  }
  for (const [index, { path }] of placed) {
    const [, inside] = placed.find(([, other]) => path.startsWith(`${other.path}/`)) ?? [];
    if (inside) complain(["files", index, "path"], `can not be inside ${inside.path}, which is a file too`);
  }
  const total = files
    .filter((_, index) => areRight(["files", index]))
    .reduce(
      (sum, file) => sum + (file.base64 ? file.base64.length * 0.75 : byteLength(file.content ?? "")),
      0,
    );
  if (total > limits.FILES_MAX_BYTES)
    complain(["files"], `can be at most ${limits.FILES_MAX_BYTES} bytes together`);
}

/** What `POST /v1/runs` takes. Unknown fields are refused by name. */
export const runSpecSchema = z
  .strictObject({
    image: z
      .string()
      .min(1)
      .max(limits.IMAGE_MAX_CHARS)
      .superRefine(refuses(imageComplaint))
      .openapi({ example: "debian:12" }),
    command: z
      .array(plainText(limits.COMMAND_ARG_MAX_BYTES, "an argument"))
      .min(1, "needs at least the program to run")
      .max(limits.COMMAND_MAX_ARGS)
      .refine((command) => command[0] !== "", {
        ...OF_ANY_LIST,
        error: "the program's name can not be empty",
      })
      .optional()
      .openapi({ description: "the program and its arguments, run by no shell", example: ["echo", "hi"] }),
    script: z
      .string()
      .refine((script) => script.trim() !== "", "can not be empty")
      .refine((script) => !script.includes("\0"), "can not contain a NUL byte")
      .refine(
        (script) => byteLength(script) <= limits.SCRIPT_MAX_BYTES,
        `can be at most ${limits.SCRIPT_MAX_BYTES} bytes`,
      )
      .optional()
      .openapi({ description: "a text run by sh; either this or command" }),
    ...stepSpecFields,
    env: z
      .record(
        z
          .string()
          .regex(
            ENV_NAME,
            "must be a name that a shell can hold: letters, digits and _, not starting with a digit",
          ),
        plainText(limits.ENV_VALUE_MAX_BYTES, "a value"),
      )
      .refine(...atMostNames(limits.ENV_MAX_COUNT, "names"))
      .default({}),
    secrets: z
      .record(secretVariableName, secretNameField)
      .refine(...atMostNames(limits.RUN_SECRETS_MAX_COUNT, "names"))
      .default({})
      .openapi({
        description:
          'variables of the command\'s environment and the secrets that they hold, by name; needs capture "output". The values are given to the machine once it is started, and masked in output.',
        example: { API_TOKEN: "API_TOKEN" },
      }),
    files: z.array(fileSchema).max(limits.FILES_MAX_COUNT).default([]),
    machine: machineSchema.default({}),
    regions: z
      .array(z.string().min(1).superRefine(refuses(regionComplaint)))
      .max(limits.REGIONS_MAX_COUNT)
      .refine(
        (regions) => regions.join(",").split(",").length <= limits.REGIONS_MAX_COUNT,
        `can name at most ${limits.REGIONS_MAX_COUNT} regions together`,
      )
      .default([])
      .openapi({
        example: ["ams", "eu"],
        description: "in order of preference: Fly's region codes, aliases of several (eu, us, …) or any",
      }),
    timeouts: timeoutsSchema.prefault({}),
    retry: retrySchema.prefault({}),
    capture: z.enum(["output", "none"]).default("output").openapi({
      description:
        "output: both streams are kept, the command runs under Mayfly's runner, the image needs sh. none: the image runs as it is and only its exit is known.",
    }),
    name: lineField(limits.NAME_MAX_CHARS).min(1).optional(),
    tags: z
      .record(
        z
          .string()
          .max(limits.TAG_KEY_MAX_CHARS)
          .regex(TAG_KEY, "must be letters, digits and . _ / -, starting with a letter or digit"),
        lineField(limits.TAG_VALUE_MAX_CHARS),
      )
      .refine(...atMostNames(limits.TAGS_MAX_COUNT, "tags"))
      .default({}),
    ...queueSpecFields,
  })
  .superRefine((spec, context) => {
    const areRight = rightFields(context);
    const complain = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    checkQueueFields(spec, areRight, (issue) => context.addIssue(issue));
    checkStepFields(spec, areRight, complain);
    if (areRight("regions") && isObject(spec.retry) && Array.isArray(spec.retry.rules)) {
      const regions = new Set(spec.regions.flatMap((expression) => expression.split(",")));
      for (const [index, rule] of spec.retry.rules.entries())
        if (areRight(["retry", "rules", index]) && rule.do === "next_region" && regions.size < 2)
          complain(
            ["retry", "rules", index, "do"],
            "needs two regions or more, among which there is a next one",
          );
    }
    if (spec.command !== undefined && spec.script !== undefined)
      complain(["script"], "give either command or script, not both");
    const { command, script, steps } = spec;
    if (spec.capture === "output" && command === undefined && script === undefined && steps === undefined)
      complain(
        ["command"],
        'needs a command, a script or steps (only with capture "none" can the image run its own command)',
      );
    if (spec.capture === "none" && spec.script !== undefined)
      complain(["script"], 'needs capture "output"; with "none" give a command');
    if (areRight("secrets")) {
      if (spec.capture === "none" && Object.keys(spec.secrets).length > 0)
        complain(
          ["secrets"],
          'needs capture "output"; with "none" there is nobody in the machine to take them',
        );
      for (const name of Object.keys(spec.secrets))
        if (isObject(spec.env) && Object.hasOwn(spec.env, name))
          complain(["secrets", name], "is a name in env, too; give it in one of them");
    }
    if (Array.isArray(spec.files)) checkFiles(spec.files, areRight, complain);
  }, OF_ANY_OBJECT)
  .openapi("RunSpec");

/** A run spec as a program writes it: only `image` and what it wants otherwise than the defaults. */
export type RunSpecInput = z.input<typeof runSpecSchema>;

/** The checked input as the core keeps it; a run that names no size gets the deployment's. */
export function toRunSpec(input: z.output<typeof runSpecSchema>, defaultGuest: Guest): RunSpec {
  return {
    image: input.image,
    command: input.command ?? null,
    script: input.script ?? null,
    ...toStepSpec(input),
    env: input.env,
    secrets: input.secrets,
    files: input.files.map((file) => ({
      path: file.path,
      base64: file.base64 ?? base64Of(file.content ?? ""),
      mode: Number.parseInt(file.mode, 8),
    })),
    machine: Object.keys(input.machine).length === 0 ? defaultGuest : guestOf(input.machine),
    regions: input.regions.flatMap((expression) => expression.split(",")),
    timeouts: {
      queueMs: durationMs(input.timeouts.queue),
      bootMs: durationMs(input.timeouts.boot),
      runMs: durationMs(input.timeouts.run),
      stopMs: durationMs(input.timeouts.stop),
    },
    retry: toRetryPolicy(input.retry),
    capture: input.capture,
    name: input.name ?? null,
    tags: input.tags,
    ...toQueueSpec(input, { name: input.name ?? null, image: input.image, tags: input.tags }),
  };
}

function base64Of(text: string): string {
  let binary = "";
  for (const byte of utf8.encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** A job's definition: checked where it is put, and made into a run's spec where it is run. */

import type { z } from "zod";
import { withJobFields } from "../core/concurrency-key.ts";
import { AppError } from "../core/error.ts";
import type { JobDefinition } from "../core/job.ts";
import { isSameJson } from "../core/same-json.ts";
import type { ScheduleSpec } from "../core/schedule/spec.ts";
import { checkInput } from "./check-input.ts";
import { checked, complaintsOf } from "./checked.ts";
import type { FieldComplaint } from "./field-complaints.ts";
import { jobDefinitionSchema } from "./job-schema.ts";
import { refuseOnFly } from "./on-fly.ts";
import { toSchedules } from "./schedule-schema.ts";
import { isObject, patchedInput } from "./spec-input.ts";
import { runSpecSchema } from "./spec-schema.ts";

const KEY_PATH = "run.concurrency.key";

/**
 * What a request's body defines, as it was written.
 * @param name of the job, which its concurrency key can have in it
 * @throws AppError `invalid_input`
 */
export function checkedDefinition(
  body: unknown,
  name: string,
): { definition: JobDefinition; schedules: ScheduleSpec[] } {
  const meant = meaningOf(body, name);
  const definition = body as JobDefinition;
  const schedules = toSchedules(meant.schedules ?? []);
  for (const [index, { input }] of schedules.entries())
    checkScheduleInput(definition, name, JSON.parse(input), index);
  refuseOnFly(definition, schedules, meant.run);
  return { definition, schedules };
}

/** A schedule has no caller who could mend an input that the job does not take, or whose key lacks a field. */
function checkScheduleInput(definition: JobDefinition, name: string, input: unknown, index: number): void {
  try {
    checkInput(input, definition.input_schema ?? null);
    const run = jobRunInput(definition, name, input, {});
    const { checkout } = checked(runSpecSchema, run, "run");
    if (checkout === true || (checkout !== undefined && checkout.repository === undefined))
      throw new AppError(
        "invalid_input",
        "is needed: a schedule starts runs of this job, and no change says what to check out",
        "run.checkout.repository",
      );
  } catch (error) {
    if (!(error instanceof AppError) || error.path === null) throw error;
    const isOfInput = error.path === "input" || error.path.startsWith("input.");
    throw new AppError(
      error.code,
      error.message,
      isOfInput ? `schedules.${index}.${error.path}` : error.path,
    );
  }
}

/** True where two definitions of a job mean the same: the order of fields and defaults that are spelt out make no difference. */
export function meansTheSame(a: JobDefinition, b: JobDefinition, name: string): boolean {
  return isSameJson(meaningOf(a, name), meaningOf(b, name));
}

/** Everything that is wrong with a definition; of what is not checked as long as other things are wrong, nothing is said. */
export function definitionComplaints(body: unknown, name: string): FieldComplaint[] {
  const ofFields = fieldsComplaints(body, name);
  return ofFields.length > 0 ? ofFields : ofWhole(body, name);
}

function fieldsComplaints(body: unknown, name: string): FieldComplaint[] {
  const key = keyOf(isObject(body) ? body.run : undefined);
  if (key === null) return complaintsOf(jobDefinitionSchema, body);
  const filled = withJobFields(key, name, () => "x");
  if (!("complaint" in filled)) return complaintsOf(jobDefinitionSchema, withKey(body, filled.template));
  const others = complaintsOf(jobDefinitionSchema, withKey(body, "any"));
  return [...others, { path: KEY_PATH.split("."), message: filled.complaint }];
}

/** What is refused where it is put though each field is right. */
function ofWhole(body: unknown, name: string): FieldComplaint[] {
  try {
    checkedDefinition(body, name);
    return [];
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "invalid_input") throw error;
    return [{ path: error.path?.split(".") ?? [], message: error.message }];
  }
}

/**
 * The definition with its defaults filled in.
 * @throws AppError `invalid_input`
 */
export function meaningOf(body: unknown, name: string): z.output<typeof jobDefinitionSchema> {
  const key = keyOf(isObject(body) ? body.run : undefined);
  const meant = checked(jobDefinitionSchema, key === null ? body : withKey(body, tried(key, name)), null);
  const { concurrency } = meant.run;
  return key === null || concurrency === undefined
    ? meant
    : { ...meant, run: { ...meant.run, concurrency: { ...concurrency, key } } };
}

/** A key as a run could have it: what the input will be nobody knows yet. */
function tried(key: string, name: string): string {
  const filled = withJobFields(key, name, () => "x");
  if ("complaint" in filled) throw new AppError("invalid_input", filled.complaint, KEY_PATH);
  return filled.template;
}

/**
 * The spec of a job's run as a caller could have sent it, not checked yet.
 * @throws AppError `invalid_input` where the key asks for what the input does not have
 */
export function jobRunInput(
  definition: JobDefinition,
  name: string,
  input: unknown,
  overrides: Record<string, unknown>,
): unknown {
  const spec = patchedInput(definition.run, overrides);
  const key = keyOf(spec);
  if (key === null) return spec;
  const filled = withJobFields(key, name, (path) => textAt(input, path));
  if (!("complaint" in filled)) return withSpecKey(spec, filled.template);
  const { complaint, inputPath } = filled;
  const path = inputPath === null ? "overrides.concurrency.key" : ["input", ...inputPath].join(".");
  throw new AppError("invalid_input", complaint, path);
}

function textAt(input: unknown, path: string[]): string | null {
  const value = path.reduce<unknown>(
    (at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined),
    input,
  );
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : null;
}

function keyOf(spec: unknown): string | null {
  const concurrency = isObject(spec) ? spec.concurrency : undefined;
  return isObject(concurrency) && typeof concurrency.key === "string" ? concurrency.key : null;
}

function withKey(body: unknown, key: string): unknown {
  return isObject(body) ? { ...body, run: withSpecKey(body.run, key) } : body;
}

function withSpecKey(spec: unknown, key: string): unknown {
  return isObject(spec) ? { ...spec, concurrency: { ...(spec.concurrency as object), key } } : spec;
}

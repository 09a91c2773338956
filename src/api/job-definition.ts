/** A job's definition: checked where it is put, and made into a run's spec where it is run. */

import type { z } from "zod";
import { withJobFields } from "../core/concurrency-key.ts";
import { AppError } from "../core/error.ts";
import type { HookSpec } from "../core/hook/hook.ts";
import { CODE_SOURCES, type HookSource } from "../core/hook/spec.ts";
import type { JobDefinition } from "../core/job.ts";
import { isSameJson } from "../core/same-json.ts";
import { overNote } from "../core/schedule/complaint.ts";
import type { ScheduleSpec } from "../core/schedule/spec.ts";
import { publicHost } from "../core/step/token-host.ts";
import { inputComplaints } from "./check-input.ts";
import { checked, complaintsOf } from "./checked.ts";
import { refused } from "./errors.ts";
import { type FieldComplaint, keyOf as placeKey, rightPlaces } from "./field-complaints.ts";
import { toHooks } from "./hook-schema.ts";
import { CheckSteps } from "./input-check/steps.ts";
import { jobDefinitionSchema } from "./job-schema.ts";
import { selfLinkComplaints } from "./link-schema.ts";
import { onFlyComplaints } from "./on-fly.ts";
import { checkoutTokenOf, reportComplaints } from "./report-schema.ts";
import { toSchedules } from "./schedule-schema.ts";
import { isObject, patchedInput } from "./spec-input.ts";
import { runSpecSchema } from "./spec-schema.ts";

const KEY_PATH = ["run", "concurrency", "key"];

/**
 * What a request's body defines, as it was written.
 * @param name of the job, which its concurrency key can have in it
 * @throws AppError `invalid_input` with all that is wrong
 */
export function checkedDefinition(
  body: unknown,
  name: string,
): { definition: JobDefinition; schedules: ScheduleSpec[]; hooks: HookSpec[] } {
  const complaints = definitionComplaints(body, name);
  if (complaints.length > 0) throw refused(complaints, null);
  const definition = body as JobDefinition;
  const { schedules = [], hooks = [], run } = meaningOf(definition, name);
  return {
    definition,
    schedules: toSchedules(schedules),
    hooks: toHooks(hooks, name, checkoutTokenOf(run)),
  };
}

/** The schedules of a definition that is right. */
export function schedulesOf(definition: JobDefinition, name: string): ScheduleSpec[] {
  return toSchedules(meaningOf(definition, name).schedules ?? []);
}

/** Everything that is wrong with a definition; of what depends on something that is wrong, nothing is said. */
export function definitionComplaints(body: unknown, name: string): FieldComplaint[] {
  const ofFields = fieldsComplaints(body, name);
  if (!isObject(body)) return ofFields;
  const isRight = rightPlaces(ofFields.map(({ path }) => path));
  const known = new Set(ofFields.map(({ path }) => placeKey(path)));
  const others = [
    ...inputsComplaints(body, name, isRight),
    ...onFlyComplaints(body),
    ...checkoutComplaints(body, isRight),
    ...reportComplaints(body, name, isRight),
    ...selfLinkComplaints(body.on, name),
  ];
  return [...ofFields, ...others.filter(({ path }) => !known.has(placeKey(path)))];
}

/** A checkout that can never be made for what starts the job's runs, or whose token nobody can be given. */
function checkoutComplaints(
  { run, schedules, hooks }: Record<string, unknown>,
  isRight: (path: PropertyKey[]) => boolean,
): FieldComplaint[] {
  const checkout = isObject(run) ? run.checkout : undefined;
  if (!isRight(["run", "checkout"])) return [];
  const { repository, token, token_hosts: hosts } = isObject(checkout) ? checkout : {};
  const at = (field: string, message: string) => [{ path: ["run", "checkout", field], message }];
  if (hosts !== undefined && token === undefined)
    return at("token_hosts", "goes with token, which these hosts are given");
  if (repository !== undefined || (checkout !== true && !isObject(checkout))) return [];
  if (Array.isArray(schedules) && schedules.length > 0)
    return at(
      "repository",
      "is needed: a schedule starts runs of this job, and no change says what to check out",
    );
  const sources = hookSources(hooks, isRight);
  const untelling = sources.find((source) => !CODE_SOURCES.has(source));
  if (untelling !== undefined)
    return at(
      "repository",
      `is needed: a hook of source ${untelling} starts runs of this job, and its deliveries do not say what to check out`,
    );
  const own = sources.find((source) => publicHost(source) === null);
  return token === undefined || hosts !== undefined || own === undefined
    ? []
    : at(
        "token_hosts",
        `is missing: ${own} has no public host, so nothing says which host the token is for; name yours, such as ["git.example.com"] or ["http://10.0.0.5:3000"], or write repository`,
      );
}

function hookSources(hooks: unknown, isRight: (path: PropertyKey[]) => boolean): HookSource[] {
  if (!Array.isArray(hooks)) return [];
  return (hooks as unknown[]).flatMap((hook, index) =>
    isObject(hook) && isRight(["hooks", index]) ? [hook.source as HookSource] : [],
  );
}

/** What there is to say of a definition that is right. */
export function definitionNotes(schedules: readonly ScheduleSpec[], nowMs: number): FieldComplaint[] {
  return schedules.flatMap((schedule, index) => {
    const note = overNote(schedule, nowMs);
    return note === null ? [] : [{ path: ["schedules", index, note.field], message: note.message }];
  });
}

/** A schedule has no caller who could mend an input that the job does not take, or whose key lacks a field. */
function inputsComplaints(
  body: Record<string, unknown>,
  name: string,
  isRight: (path: PropertyKey[]) => boolean,
): FieldComplaint[] {
  const schedules = Array.isArray(body.schedules) ? (body.schedules as unknown[]) : [];
  const definition = body as unknown as JobDefinition;
  // Of all together: there can be a hundred.
  const steps = new CheckSteps();
  return schedules.flatMap((schedule, index) => {
    const place = ["schedules", index, "input"];
    if (!isObject(schedule) || !isRight(place)) return [];
    const { input = {} } = schedule;
    const ofSchema = isRight(["input_schema"])
      ? inputComplaints(input, definition.input_schema ?? null, steps).map(({ path, message }) => ({
          path: [...place, ...path],
          message,
        }))
      : [];
    return ofSchema.length > 0 || !isRight(["run"])
      ? ofSchema
      : keyComplaints(definition, name, input, place);
  });
}

/** What is wrong with the key that a run with the input has. */
function keyComplaints(
  definition: JobDefinition,
  name: string,
  input: unknown,
  place: PropertyKey[],
): FieldComplaint[] {
  const filled = filledSpec(definition.run, name, input);
  if (!("complaint" in filled))
    return complaintsOf(runSpecSchema, filled.spec).map(({ path, message }) => ({
      path: ["run", ...path],
      message,
    }));
  const { complaint, inputPath } = filled;
  return [{ path: inputPath === null ? KEY_PATH : [...place, ...inputPath], message: complaint }];
}

/** True where a definition in force means what another does: the order of fields and defaults that are spelt out make no difference. */
export function meansTheSame(inForce: JobDefinition, wanted: JobDefinition, name: string): boolean {
  // What was taken once and is not any more can be replaced all the same.
  if (definitionComplaints(inForce, name).length > 0) return false;
  return isSameJson(meaningOf(inForce, name), meaningOf(wanted, name));
}

function fieldsComplaints(body: unknown, name: string): FieldComplaint[] {
  const key = keyOf(isObject(body) ? body.run : undefined);
  if (key === null) return complaintsOf(jobDefinitionSchema, body);
  const filled = withJobFields(key, name, () => "x");
  if (!("complaint" in filled)) return complaintsOf(jobDefinitionSchema, withKey(body, filled.template));
  const others = complaintsOf(jobDefinitionSchema, withKey(body, "any"));
  return [...others, { path: KEY_PATH, message: filled.complaint }];
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
  if ("complaint" in filled) throw new AppError("invalid_input", filled.complaint, KEY_PATH.join("."));
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
  const filled = filledSpec(patchedInput(definition.run, overrides), name, input);
  if (!("complaint" in filled)) return filled.spec;
  const { complaint, inputPath } = filled;
  const path = inputPath === null ? "overrides.concurrency.key" : ["input", ...inputPath].join(".");
  throw new AppError("invalid_input", complaint, path);
}

/** A spec whose key has the fields of the job filled in; or what is wrong with it. */
function filledSpec(spec: unknown, name: string, input: unknown) {
  const key = keyOf(spec);
  if (key === null) return { spec };
  const filled = withJobFields(key, name, (path) => textAt(input, path));
  return "complaint" in filled ? filled : { spec: withSpecKey(spec, filled.template) };
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

/** A stored spec as a caller could have sent it, and with changes: what a re-run is made from. */

import type { z } from "@hono/zod-openapi";
import { formatDuration } from "../core/duration.ts";
import { GUEST_SIZES } from "../core/guest.ts";
import { DEFAULT_RETRY, usesUpAttempts } from "../core/retry.ts";
import type { RunSpec } from "../core/run-spec.ts";
import { queueInput } from "./queue-schema.ts";
import { retryBody, type retrySchema } from "./retry-schema.ts";
import type { RunSpecInput } from "./spec-schema.ts";
import { stepInput } from "./step-input.ts";

/** The body that orders this spec. */
export function specInput(spec: RunSpec): RunSpecInput {
  const { machine, timeouts } = spec;
  return {
    image: spec.image,
    ...(spec.command !== null && { command: spec.command }),
    ...(spec.script !== null && { script: spec.script }),
    ...stepInput(spec),
    env: spec.env,
    secrets: spec.secrets,
    files: spec.files.map(({ path, base64, mode }) => ({
      path,
      base64,
      mode: `0${mode.toString(8).padStart(3, "0")}`,
    })),
    machine: { cpu_kind: machine.cpuKind, cpus: machine.cpus, memory_mb: machine.memoryMb },
    regions: spec.regions,
    timeouts: {
      queue: formatDuration(timeouts.queueMs),
      boot: formatDuration(timeouts.bootMs),
      run: formatDuration(timeouts.runMs),
      stop: formatDuration(timeouts.stopMs),
    },
    retry: retryBody(spec.retry),
    capture: spec.capture,
    ...(spec.name !== null && { name: spec.name }),
    tags: spec.tags,
    ...queueInput(spec),
  };
}

/** The spec with changes: see {@link patchedInput}. */
export function changedInput(spec: RunSpec, changes: Record<string, unknown>): unknown {
  return patchedInput({ ...specInput(spec) }, changes);
}

/**
 * A spec as a caller wrote it with changes: a JSON Merge Patch (RFC 7396), in which objects are merged, null takes a field away and
 * anything else replaces it. Where two fields say one thing in two ways, the one that is given takes the place of the other: steps or a script of
 * a command, a size of CPUs, a delay of a time. Of the spec's own rules for retries those go that can not act any more, with one
 * attempt or one region; as part of the changes they are refused. The result is to be checked like any other body.
 */
export function patchedInput(spec: Record<string, unknown>, changes: Record<string, unknown>): unknown {
  const input = { ...spec };
  const given = WHAT_RUNS.filter((field) => isGiven(changes[field]));
  for (const field of given.length > 0 ? WHAT_RUNS : []) if (!(field in changes)) delete input[field];
  if (isGiven(changes.delay) && !("run_at" in changes)) delete input.run_at;
  if (isGiven(changes.run_at) && !("delay" in changes)) delete input.delay;
  if (isObject(changes.machine) && isObject(input.machine))
    input.machine = machineBefore(input.machine, changes.machine);
  if (isObject(input.retry) && Array.isArray(input.retry.rules))
    input.retry = { ...input.retry, rules: rulesLeft(input.retry, input.regions, changes) };
  return mergePatch(input, changes);
}

/** Of these a run has one. */
const WHAT_RUNS = ["command", "script", "steps"];

/** What a changed machine keeps: a named size stands alone, and other CPUs have their own least memory. */
function machineBefore(machine: Record<string, unknown>, changes: Record<string, unknown>): object {
  if (isGiven(changes.size)) return {};
  if (!isGiven(changes.cpus) && !isGiven(changes.cpu_kind)) return machine;
  const { memory_mb: _memory, size, ...cpus } = machine;
  const named = typeof size === "string" && Object.hasOwn(GUEST_SIZES, size) ? GUEST_SIZES[size] : undefined;
  return named === undefined ? cpus : { cpu_kind: named.cpuKind, cpus: named.cpus };
}

type RuleInput = z.input<typeof retrySchema>["rules"] extends (infer Rule)[] | undefined ? Rule : never;

function rulesLeft(
  retry: Record<string, unknown>,
  regions: unknown,
  changes: Record<string, unknown>,
): RuleInput[] {
  const { attempts = retry.attempts ?? DEFAULT_RETRY.attempts } = isObject(changes.retry)
    ? changes.retry
    : {};
  const { regions: list = regions } = changes;
  const hasNextRegion = Array.isArray(list) && new Set(list.join().split(",")).size > 1;
  return (retry.rules as RuleInput[])
    .map((rule) =>
      rule.do === "stop" || Number(attempts) > 1
        ? rule
        : {
            ...rule,
            reasons: (rule.reasons ?? []).filter((reason) => !usesUpAttempts(reason)),
            exit_codes: [],
            signals: [],
          },
    )
    .filter(
      ({ reasons = [], exit_codes = [], signals = [] }) =>
        reasons.length + exit_codes.length + signals.length > 0,
    )
    .map((rule) =>
      rule.do === "next_region" && !hasNextRegion ? { ...rule, do: "same_size" as const } : rule,
    );
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

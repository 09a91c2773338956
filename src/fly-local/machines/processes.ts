/**
 * What a Machine runs: one command, or the several of `config.processes` (docs: Machine config, processes), each with its
 * own command, environment and user.
 */

import { z } from "zod";
import { type WireConfig, wireTexts } from "../../fly/wire.ts";
import { invalid } from "../error.ts";
import { PROCESSES_MAX } from "../limits.ts";
import type { Secrets } from "../platform/secrets.ts";
import type { Machine } from "./machine.ts";

const words = z.array(z.string().refine(hasNoNul, "a NUL cannot be in a command's arguments")).nullish();
const NO_NAME = "this cannot name a variable";
const variableName = z.string().refine(canName, NO_NAME);

/** Fields of a Machine that a variable can be made from (Fly's OpenAPI document, fly.EnvFrom). */
const FIELDS = {
  id: ({ id }: Machine) => id,
  version: ({ instanceId }: Machine) => instanceId,
  app_name: ({ app }: Machine) => app,
  private_ip: ({ privateIp }: Machine) => privateIp,
  region: ({ region }: Machine) => region,
  image: ({ config }: Machine) => config.image,
};
type Field = keyof typeof FIELDS;

const wireProcess = z.looseObject({
  exec: words,
  entrypoint: words,
  cmd: words,
  user: z.string().refine(hasNoNul, "a NUL cannot be in a user's name").nullish(),
  env: wireTexts.superRefine(refuseVariables).nullish(),
  env_from: z
    .array(
      z.looseObject({ env_var: variableName, field_ref: z.enum(Object.keys(FIELDS) as [Field, ...Field[]]) }),
    )
    .nullish(),
  /** Secrets of the app under names of the process's own. */
  secrets: z.array(z.looseObject({ env_var: variableName, name: z.string().nullish() })).nullish(),
  ignore_app_secrets: z.boolean().nullish(),
});
export type MachineProcess = z.infer<typeof wireProcess>;

/** Those that the config names; none where it leaves that to `init` and the image. @throws ApiError 400 */
export function readProcesses(config: WireConfig): MachineProcess[] {
  const parsed = z.array(wireProcess).max(PROCESSES_MAX).nullish().safeParse(config.processes);
  if (parsed.success) return parsed.data ?? [];
  const issue = parsed.error.issues[0];
  throw invalid(`${["config.processes", ...(issue?.path ?? [])].join(".")}: ${issue?.message}`);
}

/** What an image says of its command. */
export interface ImageCommand {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

/** One command for each process. With `config.processes`, `config.init` says nothing. @param image null where there is none */
export function commandsOf(config: WireConfig, image: ImageCommand | null): string[][] {
  const processes = readProcesses(config);
  return processes.length === 0
    ? [commandIn(config.init ?? {}, image)]
    : processes.map((process) => commandIn(process, image));
}

/**
 * `exec` replaces all, else `entrypoint` and `cmd`, each in place of the image's own (docs: Machine config, init). Unlike in
 * docker an entrypoint alone leaves the image's cmd as it is: Fly's documents say no more than that either overrides its own.
 */
function commandIn(
  given: Pick<MachineProcess, "exec" | "entrypoint" | "cmd">,
  image: ImageCommand | null,
): string[] {
  const { exec, entrypoint, cmd } = given;
  return exec?.length ? exec : [...(entrypoint ?? image?.entrypoint ?? []), ...(cmd ?? image?.cmd ?? [])];
}

/** Variables of a process beside the Machine's: what was said of it in particular wins. A secret that is gone is left out. */
export function ownVariables(
  process: MachineProcess,
  machine: Machine,
  secrets: Secrets,
): Record<string, string> {
  const fields = (process.env_from ?? []).map(({ env_var, field_ref }) => [
    env_var,
    FIELDS[field_ref](machine),
  ]);
  const named = (process.secrets ?? []).flatMap(({ env_var, name }) => {
    const secret = secrets.get(machine.app, name || env_var);
    return secret === null ? [] : [[env_var, secret.value]];
  });
  return { ...process.env, ...Object.fromEntries(fields), ...Object.fromEntries(named) };
}

function canName(name: string): boolean {
  return name !== "" && !/[=\0]/.test(name);
}

function refuseVariables(env: Record<string, string>, context: z.RefinementCtx): void {
  for (const [name, value] of Object.entries(env)) {
    if (!canName(name)) context.addIssue({ code: "custom", path: [name], message: NO_NAME });
    if (!hasNoNul(value))
      context.addIssue({ code: "custom", path: [name], message: "a NUL cannot be in a variable" });
  }
}

function hasNoNul(text: string): boolean {
  return !text.includes("\0");
}

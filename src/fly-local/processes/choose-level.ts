/** Picks the level of isolation: what was asked for, or the best that this computer allows. */

import { join } from "node:path";
import type { ImagesChoice } from "../images/images.ts";
import { containerLevel } from "./container/container-level.ts";
import { type ContainerProbe, type EnginePlan, probeContainers } from "./container/container-probe.ts";
import type { Level } from "./level.ts";
import { chooseLimiter } from "./limits/choose-limiter.ts";
import { enforcementText } from "./limits/limiter.ts";
import { processLevel } from "./process-level.ts";
import { type SandboxOptions, sandboxLevel } from "./sandbox/sandbox-level.ts";
import { probeSandbox, type SandboxPlan } from "./sandbox/sandbox-probe.ts";

export const ISOLATIONS = ["auto", "sandbox", "process", "container"] as const;
export type IsolationChoice = (typeof ISOLATIONS)[number];

export interface LevelOptions extends SandboxOptions {
  /** Whether Machines are held to their size. Default: yes. */
  readonly limits?: boolean;
  /** Directories of this computer, besides the state, that sandboxed Machines find empty. */
  readonly hidden?: readonly string[];
  /** What Machines see. Default: this computer's own files. */
  readonly images?: ImagesChoice;
  /** What the container engine is started by. Default: docker, else podman. */
  readonly engine?: string | null;
}

/**
 * @param state the server's own directory
 * @throws Error where a sandbox was asked for, or is needed for images, and is not possible: a level is never lowered in silence
 */
export async function chooseLevel(
  choice: IsolationChoice,
  state: string,
  options: LevelOptions = {},
): Promise<Level> {
  const { hidden = [], images = "host" } = options;
  const directory = join(state, "isolation");
  if (choice === "container") return containers(directory, images, options);
  const machines = join(directory, "machines");
  if (choice === "process" && images === "real")
    throw new Error(`machines at isolation level "process" have no images; ${HOST_IMAGES}`);
  if (choice === "process") return withNetwork(processLevel(machines), options);
  const probe = await probeSandbox(join(directory, "sandbox"), [...hidden, state], images);
  if (probe.kind === "able") return limited(probe.plan, options);
  if (choice === "sandbox") throw new Error(`this computer cannot make sandboxes: ${probe.reason}`);
  if (images === "real") {
    const other = await probeEngine(directory, options);
    if (other.kind === "able") return ofEngine(other.plan, options, probe.reason);
    throw new Error(
      `machines with images must be sandboxes or containers, and this computer cannot make any: sandboxes: ${probe.reason}; containers: ${other.reason}; ${HOST_IMAGES}`,
    );
  }
  const level = processLevel(machines);
  const detail = `${level.detail}; no sandboxes here: ${probe.reason}`;
  return withNetwork({ ...level, detail, lack: probe.reason }, options);
}

async function containers(directory: string, images: ImagesChoice, options: LevelOptions): Promise<Level> {
  if (images === "host")
    throw new Error(
      'machines at isolation level "container" have images and do not see this computer\'s own files; --images real is what they need',
    );
  const probe = await probeEngine(directory, options);
  if (probe.kind === "able") return ofEngine(probe.plan, options, null);
  throw new Error(
    `this computer cannot make containers: ${probe.reason}; a docker or podman that works is needed, which --engine can name`,
  );
}

function probeEngine(directory: string, { engine, limits = true }: LevelOptions): Promise<ContainerProbe> {
  return probeContainers(join(directory, "container"), limits, engine ? [engine] : undefined);
}

/** @param lack why there are no sandboxes, which were looked for first */
async function ofEngine(plan: EnginePlan, options: LevelOptions, lack: string | null): Promise<Level> {
  const level = await containerLevel(plan, options);
  const { enforcement } = level;
  const limits = enforcement === null ? "no limits" : `limits on ${enforcementText(enforcement)}`;
  const texts = [
    plan.lack === null ? limits : `${limits} (${plan.lack})`,
    ...(lack === null ? [] : [`no sandboxes here: ${lack}`]),
  ];
  return { ...said(level, texts.join("; ")), ...(lack !== null && { lack }) };
}

async function limited(plan: SandboxPlan, options: LevelOptions): Promise<Level> {
  if (options.limits === false) return said(sandboxLevel(plan, null, options), "no limits");
  const { limiter, lack } = await chooseLimiter(plan);
  const text = `limits on ${enforcementText(limiter.enforcement)}`;
  return said(sandboxLevel(plan, limiter, options), lack === null ? text : `${text} (${lack})`);
}

function said(level: Level, text: string): Level {
  return { ...level, detail: `${level.detail}; ${text}` };
}

function withNetwork(level: Level, { network }: LevelOptions): Level {
  if (network === "none")
    throw new Error(`without a network machines must be sandboxes or containers: ${level.detail}`);
  return level;
}

const HOST_IMAGES = "--images host lets them see this computer's own files instead";

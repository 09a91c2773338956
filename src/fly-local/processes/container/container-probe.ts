/** Finds out whether this computer's container engine can make Machines, by making one. */

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importImage, PROBE } from "../../images/engine-import.ts";
import { ENGINE_CALL_MS } from "../../limits.ts";
import { makeDirectory } from "../init/operations.ts";
import { installInit } from "../init/program.ts";
import { freshName } from "../leftovers.ts";
import { amountsOf } from "../limits/amounts.ts";
import { KINDS, type Kind } from "../limits/limiter.ts";
import { kindsInForce } from "./cgroup-inside.ts";
import { startContainer } from "./container.ts";
import { callEngine, type Engine, findEngine } from "./engine.ts";
import { OWNER_LABEL, pathRefusal } from "./run-args.ts";

/** How to make containers here. */
export interface EnginePlan {
  readonly engine: Engine;
  /** The init's path. */
  readonly program: string;
  /** What the engine can hold containers to. */
  readonly kinds: readonly Kind[];
  /** Why it is not everything; null where it is. */
  readonly lack: string | null;
  /** Marks what this server's state has made at the engine. */
  readonly owner: string;
}

export type ContainerProbe = { kind: "able"; plan: EnginePlan } | { kind: "unable"; reason: string };

/** Without rights over cgroups an engine holds to less: first without CPUs, which systemd passes on to nobody by default. */
const ATTEMPTS: readonly (readonly Kind[])[] = [KINDS, ["memory", "pids"], []];

/**
 * @param directory for the init and the mark
 * @param limits whether containers are to be held to their size
 * @param programs what engines are started by, the first that works being taken
 */
export async function probeContainers(
  directory: string,
  limits: boolean,
  programs?: readonly string[],
): Promise<ContainerProbe> {
  const refusal = pathRefusal(directory);
  if (refusal !== null) return { kind: "unable", reason: refusal };
  const search = await findEngine(programs);
  if (search.kind === "none") return { kind: "unable", reason: search.reason };
  const { engine } = search;
  mkdirSync(directory, { recursive: true });
  const image = `${PROBE}:${randomBytes(6).toString("hex")}`;
  try {
    const program = installInit(directory, engine.arch);
    const empty = join(directory, "empty-image");
    mkdirSync(join(empty, "tmp"), { recursive: true });
    const owner = ownerIn(directory);
    await importImage(engine, empty, image, { [OWNER_LABEL]: owner }, ENGINE_CALL_MS);
    const plan = { engine, program, owner };
    let lack: string | null = null;
    for (const kinds of limits ? ATTEMPTS : [[]]) {
      const tried = await tryOut(engine, program, image, kinds);
      if (tried.kind === "failed") {
        lack = tried.reason;
        continue;
      }
      if (tried.inForce.length < kinds.length)
        lack = `${engine.program} has set ${tried.inForce.join(" and ") || "none"} of the limits on ${kinds.join(", ")}`;
      return { kind: "able", plan: { ...plan, kinds: tried.inForce, lack } };
    }
    return { kind: "unable", reason: lack ?? "" };
  } catch (error) {
    return { kind: "unable", reason: (error as Error).message };
  } finally {
    await callEngine(engine, ["image", "rm", image]).catch(() => {});
  }
}

type Trial = { kind: "works"; inForce: readonly Kind[] } | { kind: "failed"; reason: string };

async function tryOut(engine: Engine, init: string, image: string, kinds: readonly Kind[]): Promise<Trial> {
  const plan = { name: freshName(), labels: {}, image, init, hostname: "mayfly-probe", mounts: [], kinds };
  try {
    const amounts = amountsOf(undefined);
    const container = await startContainer(engine, { ...plan, network: "host", amounts }, [
      makeDirectory("/tmp"),
    ]);
    const inForce = await kindsInForce(container.init, amounts, kinds);
    await container.end();
    return { kind: "works", inForce };
  } catch (error) {
    return { kind: "failed", reason: (error as Error).message };
  }
}

/** One for each state: containers of other servers that share the engine are not ours to remove. */
function ownerIn(directory: string): string {
  const path = join(directory, "owner");
  if (!existsSync(path)) writeFileSync(path, randomBytes(12).toString("hex"));
  return readFileSync(path, "utf8");
}

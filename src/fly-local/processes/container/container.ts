/** One running container with our init in it. */

import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  CONTAINER_KILL_MS,
  CONTAINER_READY_MS,
  CONTAINER_REMOVAL_PAUSE_MS,
  CONTAINER_REMOVAL_TRIES,
} from "../../limits.ts";
import { endOf } from "../child.ts";
import { Init } from "../init/init.ts";
import type { Operation } from "../init/operations.ts";
import { killTree, nameOf } from "../tree.ts";
import { oomKills } from "./cgroup-inside.ts";
import { callEngine, type Engine, reasonIn, SAID_MAX } from "./engine.ts";
import { type ContainerPlan, runArgs } from "./run-args.ts";

export interface Container {
  readonly init: Init;
  /** Its init by its number on this computer; null where the engine runs its containers elsewhere, as in a virtual machine. */
  pid(): Promise<number | null>;
  /** Whether a process in it was killed for want of memory. */
  hadOomKill(): Promise<boolean>;
  /** Settles when the container is gone. */
  end(): Promise<void>;
}

/**
 * @param operations what its init does first
 * @param readyMs how long that may take with all that the engine has to do before
 * @throws Error with what the engine said, and nothing left running
 */
export async function startContainer(
  engine: Engine,
  plan: ContainerPlan,
  operations: readonly Operation[],
  readyMs: number = CONTAINER_READY_MS,
): Promise<Container> {
  // Its own session, so that Ctrl-C in the server's terminal does not reach it; and where podman's monitor may leave its file "oom".
  const child = spawn(engine.program, runArgs(plan), {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    cwd: dirname(plan.init),
  });
  const gone = endOf(child, "exit");
  child.stdin.on("error", () => {});
  let said = "";
  child.stderr.on("data", (text) => {
    said = `${said}${text}`.slice(-SAID_MAX);
  });
  const init = new Init(child.stdin, child.stdout);
  const end = async () => {
    // The init goes when its input is closed; one that somebody paused hears of nothing.
    init.kill();
    let killed = Promise.resolve();
    const kill = async () => {
      await remove(engine, plan.name);
      // Nor does an engine's command always end with its container.
      if (child.pid !== undefined) killTree(child.pid);
      child.stdout.destroy();
    };
    const patience = setTimeout(() => {
      killed = kill();
    }, CONTAINER_KILL_MS);
    await Promise.all([init.gone, gone]);
    clearTimeout(patience);
    // The engine knows of a container for a moment longer than that runs.
    await killed;
  };
  let isLate = false;
  const patience = setTimeout(() => {
    isLate = true;
    void end();
  }, readyMs);
  try {
    await init.operate(operations);
  } catch (error) {
    await end();
    const why = isLate ? `there was none after ${readyMs / 1000} s` : (error as Error).message;
    throw new Error(`${engine.program} started no container: ${reasonIn(said) || why}`);
  } finally {
    clearTimeout(patience);
  }
  return {
    init,
    pid: async () => visible(await inspected(engine, plan.name, "{{.State.Pid}}")),
    hadOomKill: async () => (await oomKills(init)) > 0,
    end,
  };
}

/**
 * Removes a container, whatever it does. One that is gone already is none to complain of; one that the engine refuses to
 * remove is asked for again, as podman fails with "container state improper" while its own clean-up is at work on it.
 */
export async function remove(engine: Engine, name: string): Promise<void> {
  for (let tries = 1; tries <= CONTAINER_REMOVAL_TRIES; tries++) {
    try {
      await callEngine(engine, ["rm", "--force", name]);
      return;
    } catch {
      if ((await inspected(engine, name, "{{.Id}}")) === null) return;
      await pause(CONTAINER_REMOVAL_PAUSE_MS);
    }
  }
}

/** Null where there is no such container any more. */
async function inspected(engine: Engine, name: string, format: string): Promise<string | null> {
  try {
    return (await callEngine(engine, ["container", "inspect", "--format", format, name])).trim();
  } catch {
    return null;
  }
}

/** The number belongs to another computer where the process here is none of ours. */
function visible(pid: string | null): number | null {
  return pid !== null && nameOf(Number(pid)) === "mayfly-init" ? Number(pid) : null;
}

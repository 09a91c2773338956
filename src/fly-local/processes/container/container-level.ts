/**
 * The level for computers with docker or podman: a Machine is a container of its image, held to its size by the engine. Inside,
 * our init is PID 1, so that commands, signals and ends are Fly's as in a sandbox, and no engine has to be asked for each of them.
 */

import { putFiles } from "../guest-files.ts";
import { makeDirectories, makeDirectory } from "../init/operations.ts";
import { startGuest } from "../init-guest.ts";
import { freshName, isLeftover } from "../leftovers.ts";
import type { Level } from "../level.ts";
import { amountsOf } from "../limits/amounts.ts";
import { type Network, networkOf } from "../network.ts";
import { remove, startContainer } from "./container.ts";
import type { EnginePlan } from "./container-probe.ts";
import { callEngine } from "./engine.ts";
import { OWNER_LABEL, pathRefusal } from "./run-args.ts";

const MACHINE_LABEL = "mayfly.machine";

export interface ContainerOptions {
  /** Processes of a Machine, in place of what its memory gives. */
  readonly pidsMax?: number;
  /** Default: host. */
  readonly network?: Network;
}

/** Removes first what an earlier server of the same state has left, which is what was paused by hand when that was killed. */
export async function containerLevel(plan: EnginePlan, options: ContainerOptions = {}): Promise<Level> {
  const { engine, kinds } = plan;
  const { pidsMax, network = "host" } = options;
  await removeLeftovers(plan);
  return {
    name: "container",
    detail: `containers of ${engine.kind} ${engine.version}, each of its image${network === "none" ? "; no network" : ""}`,
    enforcement: kinds.length === 0 ? null : { by: engine.kind, kinds, ...(pidsMax && { pidsMax }) },
    canBeWithoutNetwork: true,
    fileRefusal: () => null,
    mountRefusal: (path) => {
      const refusal = pathRefusal(path);
      return refusal === null ? null : `config.mounts: path ${refusal}`;
    },
    userRefusal: null,
    engine: plan,
    start: async (guestPlan) => {
      const { machine, image, mounts } = guestPlan;
      if (image === null) throw new Error("a container needs an image");
      const container = await startContainer(
        engine,
        {
          name: freshName(),
          labels: { [OWNER_LABEL]: plan.owner, [MACHINE_LABEL]: machine.id },
          image: image.id,
          init: plan.program,
          hostname: machine.id,
          network: networkOf(machine.config, network),
          mounts,
          amounts: amountsOf(machine.config.guest, pidsMax),
          kinds,
        },
        // Files may go to /tmp, which images need not have, nor where the main process starts.
        [makeDirectory("/tmp", 0o1777), ...makeDirectories(image.cwd), ...putFiles(machine.config)],
      );
      const { init, end } = container;
      try {
        const pid = await container.pid();
        const { hadOomKill } = container;
        return await startGuest(guestPlan, init, { pid, hasUsers: true, memory: null, hadOomKill, end });
      } catch (error) {
        await end();
        throw error;
      }
    },
    // The container went with what the Machine wrote.
    clean: async () => {},
    close: async () => {},
  };
}

async function removeLeftovers({ engine, owner }: EnginePlan): Promise<void> {
  const filter = `label=${OWNER_LABEL}=${owner}`;
  const listed = await callEngine(engine, ["ps", "--all", "--filter", filter, "--format", "{{.Names}}"]);
  const names = listed.split("\n").map((line) => line.trim());
  await Promise.all(names.filter(isLeftover).map((name) => remove(engine, name)));
}

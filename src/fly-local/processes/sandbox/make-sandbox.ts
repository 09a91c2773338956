/** Makes a sandbox, and ends it with all that it took of the computer. */

import { type Init, makeInit } from "../init/init.ts";
import type { Operation } from "../init/operations.ts";
import type { Mount } from "../level.ts";
import { type Fence, insideFence, type Limiter } from "../limits/limiter.ts";
import type { SandboxPlan } from "./sandbox-probe.ts";
import { withMounts } from "./volume-mounts.ts";

/** An init with namespaces and a root around it, and perhaps limits. */
export interface Sandbox {
  readonly init: Init;
  readonly fence: Fence | null;
  /** Gives back what it took of the computer, once no process is left. */
  readonly clear: () => void;
}

/** @param limiter null for no limits. Rejects, with nothing left, where it can not be made. */
export async function makeSandbox(
  plan: SandboxPlan,
  operations: readonly Operation[],
  mounts: readonly Mount[],
  limiter: Limiter | null,
): Promise<Sandbox> {
  let fence: Fence | null = null;
  let disk: string | undefined;
  const clear = () => {
    fence?.remove();
    if (disk !== undefined) plan.disks?.remove(disk);
  };
  try {
    fence = limiter?.fence() ?? null;
    disk = plan.disks?.make();
    const fenced = fence === null ? operations : insideFence(fence, operations, plan.root);
    const init = await makeInit(plan.zygote, withMounts(fenced, plan.root, mounts), disk);
    return { init, fence, clear };
  } catch (error) {
    clear();
    throw error;
  }
}

export async function endSandbox({ init, clear }: Sandbox): Promise<void> {
  init.kill();
  await init.gone;
  clear();
}

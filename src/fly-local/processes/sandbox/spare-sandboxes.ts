/**
 * Sandboxes for Machines, of which one empty one is always kept ready, for the image that was used last: making it takes
 * longer than anything else in a Machine's start.
 */

import type { Mount } from "../level.ts";
import type { Limiter } from "../limits/limiter.ts";
import { endSandbox, makeSandbox, type Sandbox } from "./make-sandbox.ts";
import type { Probe, SandboxPlan } from "./sandbox-probe.ts";

/** A spare is made a moment after the last was taken, when the Machine that took it has got going. */
const SPARE_DELAY_MS = 40;

/** A sandbox that waits for its Machine. */
interface Spare {
  /** Of the image that it was made with; null for this computer's own files. */
  readonly root: string | null;
  readonly sandbox: Promise<Sandbox>;
}

export interface SpareSandboxes {
  /**
   * Rejects where none can be made.
   * @param root the image's files; null for this computer's own
   */
  take(root: string | null, mounts: readonly Mount[]): Promise<Sandbox>;
  /** Settles when nothing is left but what was taken. */
  close(): Promise<void>;
}

/** @param limiter null for no limits */
export function spareSandboxes(plan: SandboxPlan, limiter: Limiter | null): SpareSandboxes {
  const { make, close } = plannedAnew(plan, limiter);
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  /** Of spares that were made for another image. */
  const unused = new Set<Promise<void>>();
  const ready = (root: string | null): Spare => ({ root, sandbox: kept(make(root, [])) });
  let spare: Spare | null = plan.operations === null ? null : ready(null);
  const drop = ({ sandbox }: Spare) => {
    const gone = sandbox
      .then(endSandbox)
      .catch(() => {})
      .finally(() => unused.delete(gone));
    unused.add(gone);
  };
  return {
    take: async (root, mounts) => {
      // The spare is past the point from which this computer's directories can be seen.
      if (mounts.length > 0) return make(root, mounts);
      const taken = spare;
      spare = null;
      if (timer !== null) clearTimeout(timer);
      timer = setTimeout(() => {
        timer = null;
        if (!closed) spare ??= ready(root);
      }, SPARE_DELAY_MS);
      if (taken !== null && taken.root !== root) drop(taken);
      const sandbox = taken?.root === root ? await taken.sandbox.catch(() => null) : null;
      // A spare may have been killed by hand; only a living one is used.
      if (sandbox?.init.isAlive()) return sandbox;
      sandbox?.clear();
      return make(root, []);
    },
    close: async () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      const sandbox = await spare?.sandbox.catch(() => null);
      if (sandbox) await endSandbox(sandbox);
      await Promise.all(unused);
      await close();
    },
  };
}

/** Makes sandboxes by a plan. Where one is not possible any more as it was planned, what is possible is found out anew. */
function plannedAnew(firstPlan: SandboxPlan, limiter: Limiter | null) {
  const disks = new Set([firstPlan.disks]);
  let plan = firstPlan;
  let planning: Promise<Probe> | null = null;
  const operationsOf = (root: string | null) =>
    root === null ? (plan.operations ?? plan.tried) : plan.withImage(root);
  const make = async (root: string | null, mounts: readonly Mount[]): Promise<Sandbox> => {
    const failed = plan;
    const made = () => makeSandbox(plan, operationsOf(root), mounts, limiter);
    try {
      return await made();
    } catch (error) {
      if (plan === failed) {
        planning ??= plan.again().finally(() => {
          planning = null;
        });
        const found = await planning;
        if (found.kind === "unable") throw error;
        plan = found.plan;
        disks.add(plan.disks);
      }
      return made();
    }
  };
  const close = async () => {
    await Promise.all([...disks].map((each) => each?.close()));
  };
  return { make, close };
}

/** A failure to make the spare shows when it is taken. */
function kept(sandbox: Promise<Sandbox>): Promise<Sandbox> {
  sandbox.catch(() => {});
  return sandbox;
}

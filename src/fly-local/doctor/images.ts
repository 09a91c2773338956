/** What images there are in store on this computer, and which commands start machines from them. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { openStoreIn } from "../images/open-images.ts";
import { megabytes } from "../images/pull-log.ts";
import { probeSandbox } from "../processes/sandbox/sandbox-probe.ts";
import type { Finding } from "./finding.ts";

const WHO =
  "mayfly machines uses real images, and mayfly start this computer's own files unless --images real is given";

/**
 * @param machines where the local Machines API keeps its things; nothing is made there
 * @param directory where what a sandbox needs may be written
 */
export async function lookAtImages(machines: string, directory: string): Promise<Finding> {
  const name = "images";
  const stored = inStore(machines);
  const probe = await probeSandbox(directory, [], "real");
  if (probe.kind === "unable")
    return {
      name,
      state: "lesser",
      text: `usable here by a container engine alone, as there are no sandboxes: ${probe.reason}; ${stored}`,
    };
  await Promise.all([probe.plan.disks?.close(), probe.plan.zygote.close()]);
  return { name, state: "good", text: `${stored}; ${WHO}` };
}

function inStore(machines: string): string {
  const store = join(machines, "images");
  // Opening one would make it.
  const images = existsSync(store) ? openStoreIn(machines).list() : [];
  // One has a name by its digest beside that by its tag, and perhaps more.
  const sizes = new Map(images.map(({ id, unpackedBytes }) => [id, unpackedBytes]));
  if (sizes.size === 0) return `none in store yet in ${store}`;
  const bytes = [...sizes.values()].reduce((sum, each) => sum + each, 0);
  return `${sizes.size} of ${megabytes(bytes)} together in store in ${store}`;
}

/** The root of a sandboxed Machine that has an image: the image under an overlay whose upper layer is the Machine's own. */

import { join } from "node:path";
import { changeRoot, MOUNT, makeDirectory, mount, type Operation } from "../init/operations.ts";
import { namespaces, overlayOptions, rootOf, type Storage, systemMounts, workspace } from "./sandbox-root.ts";

/** What is mounted on in every Machine: directories, whatever the image has there. */
const MOUNTED_ON = ["/proc", "/sys", "/dev", "/run"];

/**
 * All that makes a root of an image's and changes to it. The image's own `/tmp` and `/root` stay, with what it has there,
 * and nothing of this computer is in it that had to be hidden.
 */
export function planImageRoot(
  base: string,
  imageRoot: string,
  isRoot: boolean,
  storage: Storage,
): Operation[] {
  const root = rootOf(base);
  const at = (name: string) => join(base, "mount", name);
  const [lower, upper, work] = [at("lower"), at("upper"), at("work")];
  return [
    ...namespaces(isRoot),
    ...workspace(base, storage),
    ...[lower, upper, work].map((path) => makeDirectory(path)),
    // Before the overlay is there: a link of the image in their place would lead to this computer's files.
    ...MOUNTED_ON.map((path) => makeDirectory(join(upper, path))),
    // Under a plain name: the options of an overlay can not spell every path.
    mount(imageRoot, lower, "", MOUNT.bind),
    mount("overlay", root, "overlay", MOUNT.noDev, overlayOptions(lower, upper, work, storage)),
    ...systemMounts(root, isRoot),
    changeRoot(root),
  ];
}

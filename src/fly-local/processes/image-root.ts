/** The root of a sandboxed Machine that has an image: the image under an overlay whose upper layer is a private tmpfs. */

import { join } from "node:path";
import { changeRoot, MOUNT, makeDirectory, mount, type Operation } from "./init/operations.ts";
import { namespaces, systemMounts, workspace } from "./sandbox-root.ts";

/** What is mounted on in every Machine: directories, whatever the image has there. */
const MOUNTED_ON = ["/proc", "/sys", "/dev", "/run"];

/** All that makes a root of an image's and changes to it. */
export function planImageRoot(base: string, imageRoot: string, isRoot: boolean): Operation[] {
  const [root, lower, upper, work] = ["root", "lower", "upper", "work"].map((name) =>
    join(base, "mount", name),
  ) as [string, string, string, string];
  return [
    ...namespaces(isRoot),
    ...workspace(base),
    ...[lower, upper, work].map((path) => makeDirectory(path)),
    ...MOUNTED_ON.map((path) => makeDirectory(join(upper, path))),
    // Under a plain name: the options of an overlay can not spell every path.
    mount(imageRoot, lower, "", MOUNT.bind),
    mount("overlay", root, "overlay", MOUNT.noDev, `lowerdir=${lower},upperdir=${upper},workdir=${work}`),
    ...systemMounts(root, isRoot),
    changeRoot(root),
  ];
}

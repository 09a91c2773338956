/** The mounts of volumes among the operations that make a sandbox. */

import {
  ifPossible,
  MOUNT,
  makeDirectories,
  makeDirectory,
  mount,
  type Operation,
} from "../init/operations.ts";
import type { Mount } from "../level.ts";

/** Of the Machine's own, so that nothing of an image can lie there. */
const ENTRY = "/run/.mayfly-volume";

/**
 * A volume is brought into the root before that becomes the root, and to its place only then: a link on the way to that
 * place can lead nowhere but inside the Machine.
 * @param operations of which the last makes `root` the root
 */
export function withMounts(
  operations: readonly Operation[],
  root: string,
  mounts: readonly Mount[],
): Operation[] {
  const { bind, remount, noDev, move } = MOUNT;
  const entries = mounts.map((_, index) => `${ENTRY}${index}`);
  const enter = mounts.flatMap(({ source }, index) => [
    makeDirectory(`${root}${entries[index]}`),
    mount(source, `${root}${entries[index]}`, "", bind),
    // Not possible for an ordinary user, who can not make devices either.
    ifPossible(mount("none", `${root}${entries[index]}`, "", bind | remount | noDev)),
  ]);
  const place = mounts.flatMap(({ path }, index) => [
    ...makeDirectories(path),
    mount(entries[index] ?? "", path, "", move),
  ]);
  return [...operations.slice(0, -1), ...enter, ...operations.slice(-1), ...place];
}

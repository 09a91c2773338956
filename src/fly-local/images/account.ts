/** The user that an image's processes are, by the image's own `passwd` and `group` (as runc reads them). */

import { ImageError } from "./error.ts";
import { ACCOUNTS_MAX_BYTES } from "./limits.ts";
import { readIn } from "./root.ts";

export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

const ID_MAX = 2 ** 31 - 1;

/**
 * @param user "", "app", "app:staff", "1000" or "1000:1000"
 * @param whose names the root where it lacks one
 * @throws ImageError where the root has no such user or group
 */
export function accountIn(root: string, user: string, whose = "the image"): Account {
  const [name = "", groupName = ""] = user.split(":");
  const wanted = name || "0";
  const entry = lines(root, "/etc/passwd").find(([login, , uid]) => login === wanted || uid === wanted);
  const uid = idOf(entry?.[2]) ?? idOf(wanted);
  if (uid === null) throw new ImageError(`${whose}'s user "${name}" is not in its /etc/passwd`);
  const own = idOf(entry?.[3]) ?? 0;
  return { uid, gid: groupName === "" ? own : groupIn(root, groupName, whose), home: entry?.[5] || "/" };
}

function groupIn(root: string, name: string, whose: string): number {
  const entry = lines(root, "/etc/group").find(([group, , gid]) => group === name || gid === name);
  const gid = idOf(entry?.[2]) ?? idOf(name);
  if (gid === null) throw new ImageError(`${whose}'s group "${name}" is not in its /etc/group`);
  return gid;
}

function lines(root: string, file: string): string[][] {
  return (readIn(root, file, ACCOUNTS_MAX_BYTES) ?? "")
    .split("\n")
    .map((line) => line.trim().split(":"))
    .filter((fields) => fields.length > 2);
}

function idOf(text: string | undefined): number | null {
  return /^\d{1,10}$/.test(text ?? "") && Number(text) <= ID_MAX ? Number(text) : null;
}

/**
 * The root of a sandboxed Machine: this computer's directories under overlays whose upper layers are one private tmpfs,
 * so that programs are there, writes are the Machine's own and vanish with it. Planned once, made for every Machine by
 * its init.
 */

import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  changeRoot,
  enterNamespaces,
  guard,
  ifPossible,
  MOUNT,
  makeDevice,
  makeDirectory,
  makeEmptyFile,
  makeLink,
  mount,
  NAMESPACE,
  type Operation,
  unshare,
  writeInto,
} from "../init/operations.ts";
import { DISK_FOLDERS } from "./disks.ts";
import { PLAIN_PATH } from "./sandbox-base.ts";

/** A part of the root: `lower` seen through an overlay, or bound read-only where no overlay is possible (single files, too). */
export interface Layer {
  path: string;
  lower: string;
  kind: "overlay" | "bind";
}

/** Fresh in every Machine, whatever the computer has there. */
const FRESH = ["/proc", "/sys", "/dev", "/run", "/tmp", "/root"];
/** Where computers keep mounts that are no part of their own file system. */
const FOREIGN = [
  "/boot",
  "/snap",
  "/lost+found",
  "/var/lib/docker",
  "/var/lib/containers",
  "/var/lib/kubelet",
  "/var/snap",
];
const PSEUDO =
  /^(proc|sysfs|devtmpfs|devpts|cgroup2?|mqueue|nsfs|autofs|securityfs|debugfs|tracefs|bpf|pstore|binfmt_misc|fusectl|configfs|hugetlbfs|efivarfs)$/;
/** Major and minor number of each device that every container has (OCI runtime specification, config-linux). */
const DEVICES = {
  null: [1, 3],
  zero: [1, 5],
  full: [1, 7],
  random: [1, 8],
  urandom: [1, 9],
  tty: [5, 0],
} as const;
const MOUNTS_MAX = 32;

/** The whole computer in one overlay, and one more for each other file system mounted in it: root can do this. */
export function wholeRoot(): Layer[] {
  return [{ path: "/", lower: "/", kind: "overlay" }, ...otherFileSystems("bind")];
}

/** One overlay for each top-level directory, which also an ordinary user can do in a user namespace. */
export function rootOfTopDirectories(base: string): Layer[] {
  const skeleton = join(base, "skeleton");
  const directories: Layer[] = [];
  for (const path of FRESH) mkdirSync(join(skeleton, path), { recursive: true });
  for (const entry of readdirSync("/", { withFileTypes: true })) {
    const path = `/${entry.name}`;
    if (isUnder(path, [...FRESH, ...FOREIGN]) || !PLAIN_PATH.test(path)) continue;
    if (entry.isSymbolicLink()) link(readlinkSync(path), join(skeleton, entry.name));
    if (!entry.isDirectory()) continue;
    mkdirSync(join(skeleton, entry.name), { recursive: true });
    directories.push({ path, lower: path, kind: "overlay" });
  }
  return [{ path: "/", lower: skeleton, kind: "overlay" }, ...directories, ...otherFileSystems("overlay")];
}

/** What an init does to be root, as an ordinary user, in namespaces of its own. */
export function namespaces(isRoot: boolean): Operation[] {
  const { mount: mounts, pid, ipc, uts } = NAMESPACE;
  const user = (name: "uid" | "gid", id: number) => writeInto(`/proc/self/${name}_map`, `0 ${id} 1`);
  const mapped = [
    unshare(NAMESPACE.user),
    // Without this an ordinary user may not map a group (user_namespaces(7)).
    writeInto("/proc/self/setgroups", "deny"),
    user("uid", process.getuid?.() ?? 0),
    user("gid", process.getgid?.() ?? 0),
  ];
  return [
    ...(isRoot ? [] : mapped),
    enterNamespaces(mounts | pid | ipc | uts),
    guard(),
    mount("none", "/", "", MOUNT.recursive | MOUNT.private),
  ];
}

/** Where a root is made before it becomes one. */
export function rootOf(base: string): string {
  return join(base, "mount/machine");
}

/** Where what a Machine writes is kept: on the disk (`disks.ts`), in the folder that its init is started in, or in memory. */
export type Storage = "disk" | "memory";

/** What everything is built on, at `base`. */
export function workspace(base: string, storage: Storage): Operation[] {
  mkdirSync(join(base, "mount"), { recursive: true });
  const at = join(base, "mount");
  return [
    storage === "disk"
      ? mount(".", at, "", MOUNT.bind)
      : mount("tmpfs", at, "tmpfs", MOUNT.noDev, "mode=755"),
    makeDirectory(join(at, "machine")),
  ];
}

/** The options of an overlay. On a disk without syncing: the end of a Machine would wait for all that the computer has still to write. */
export function overlayOptions(lower: string, upper: string, work: string, storage: Storage): string {
  return `lowerdir=${lower},upperdir=${upper},workdir=${work}${storage === "disk" ? ",volatile" : ""}`;
}

/** Puts one layer in its place. @param index names its part of the workspace */
export function layOver(base: string, layer: Layer, index: number, storage: Storage): Operation[] {
  const target = join(base, "mount/machine", layer.path);
  const { bind, recursive, remount, readOnly } = MOUNT;
  if (layer.kind === "bind")
    return [
      mount(layer.lower, target, "", bind | recursive),
      mount("none", target, "", bind | remount | readOnly | MOUNT.noDev),
    ];
  const [upper, work] = [join(base, `mount/upper${index}`), join(base, `mount/work${index}`)];
  return [
    makeDirectory(upper),
    makeDirectory(work),
    mount("overlay", target, "overlay", MOUNT.noDev, overlayOptions(layer.lower, upper, work, storage)),
    ...(layer.path === "/" ? FRESH.map((path) => makeDirectory(join(target, path))) : []),
  ];
}

/**
 * All that makes a root of these layers and changes to it.
 * @param hidden directories that are empty in every Machine, by their true paths: the server's own state, with the configs of all
 */
export function planRoot(
  base: string,
  layers: readonly Layer[],
  isRoot: boolean,
  hidden: readonly string[],
  storage: Storage,
): Operation[] {
  const root = rootOf(base);
  const { noSuid, noDev, readOnly, bind, remount } = MOUNT;
  return [
    ...namespaces(isRoot),
    ...workspace(base, storage),
    ...layers.flatMap((layer, index) => layOver(base, layer, index, storage)),
    ...systemMounts(root, isRoot),
    ...Object.entries(DISK_FOLDERS).flatMap(([folder, mode]) =>
      storage === "disk"
        ? [
            mount(join(base, "mount", folder), `${root}/${folder}`, "", bind),
            mount("none", `${root}/${folder}`, "", bind | remount | noSuid | noDev),
          ]
        : [mount("tmpfs", `${root}/${folder}`, "tmpfs", noSuid | noDev, `mode=${mode.toString(8)}`)],
    ),
    ...outermost(hidden)
      .filter((path) => !isUnder(path, FRESH))
      .map((path) => mount("tmpfs", `${root}${path}`, "tmpfs", readOnly, "mode=700")),
    changeRoot(root),
  ];
}

/** What every Linux program expects, whatever the root is of. */
export function systemMounts(root: string, isRoot: boolean): Operation[] {
  const { noSuid, noDev, noExec, readOnly, bind, recursive } = MOUNT;
  return [
    mount("proc", `${root}/proc`, "proc", noSuid | noDev | noExec),
    // In a user namespace sysfs belongs to whoever owns the network, so it can only be bound there.
    isRoot
      ? mount("sysfs", `${root}/sys`, "sysfs", noSuid | noDev | noExec | readOnly)
      : mount("/sys", `${root}/sys`, "", bind | recursive),
    mount("tmpfs", `${root}/run`, "tmpfs", noSuid | noDev, "mode=755"),
    ...devices(`${root}/dev`, isRoot),
    ...guarded(root),
  ];
}

/** What of /proc and /sys is the computer's and not the Machine's, as container engines do (OCI runtime specification). */
function guarded(root: string): Operation[] {
  const { bind, recursive, remount, readOnly, noSuid, noDev, noExec } = MOUNT;
  const shown = noSuid | noDev | noExec;
  return [
    ...READ_ONLY.flatMap((path) => [
      ifPossible(mount(`${root}${path}`, `${root}${path}`, "", bind | recursive)),
      ifPossible(mount("none", `${root}${path}`, "", bind | remount | readOnly | shown)),
    ]),
    ...HIDDEN_FILES.map((path) => ifPossible(mount(`${root}/dev/null`, `${root}${path}`, "", bind))),
    ...HIDDEN_DIRECTORIES.map((path) =>
      ifPossible(mount("tmpfs", `${root}${path}`, "tmpfs", readOnly | shown)),
    ),
  ];
}

const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
const HIDDEN_FILES = [
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/sched_debug",
];
const HIDDEN_DIRECTORIES = ["/proc/acpi", "/proc/scsi", "/sys/firmware", "/sys/fs/cgroup"];

/** @param isRoot an ordinary user can not make devices, only bind those that are there */
function devices(dev: string, isRoot: boolean): Operation[] {
  const { noSuid, noExec, noDev, bind } = MOUNT;
  return [
    mount("tmpfs", dev, "tmpfs", noSuid, "mode=755"),
    ...Object.entries(DEVICES).flatMap(([name, [major, minor]]) =>
      isRoot
        ? [makeDevice(`${dev}/${name}`, major, minor)]
        : [makeEmptyFile(`${dev}/${name}`), mount(`/dev/${name}`, `${dev}/${name}`, "", bind)],
    ),
    makeDirectory(`${dev}/pts`),
    mount("devpts", `${dev}/pts`, "devpts", noSuid | noExec, "newinstance,ptmxmode=0666,mode=620"),
    makeDirectory(`${dev}/shm`),
    mount("shm", `${dev}/shm`, "tmpfs", noSuid | noDev | noExec, "mode=1777"),
    makeLink("/proc/self/fd", `${dev}/fd`),
    ...["stdin", "stdout", "stderr"].map((name, fd) => makeLink(`/proc/self/fd/${fd}`, `${dev}/${name}`)),
    makeLink("pts/ptmx", `${dev}/ptmx`),
  ];
}

/**
 * Mounted file systems that an overlay of `/` does not show. Single files (a container's resolv.conf) are bound.
 * @param readOnlyKind of one that nobody writes to: an overlay costs each Machine a dozen files, and an ordinary user has no other way
 */
function otherFileSystems(readOnlyKind: Layer["kind"]): Layer[] {
  const layers: Layer[] = [];
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [place = "", source = ""] = line.split(" - ");
    const [, , , , path = "/", options = ""] = place.split(" ");
    if (path === "/" || PSEUDO.test(source.split(" ")[0] ?? "") || !PLAIN_PATH.test(path)) continue;
    if (isUnder(path, [...FRESH, ...FOREIGN]) || layers.some((layer) => layer.path === path)) continue;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) continue;
    const isReadOnly = options.split(",").includes("ro");
    const kind = isReadOnly ? readOnlyKind : "overlay";
    layers.push({ path, lower: path, kind: found.isDirectory() ? kind : "bind" });
  }
  return layers.slice(0, MOUNTS_MAX);
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Without those that lie in another: they are gone from a Machine's sight with that one. */
function outermost(paths: readonly string[]): string[] {
  const different = [...new Set(paths)];
  return different.filter(
    (path) =>
      !isUnder(
        path,
        different.filter((other) => other !== path),
      ),
  );
}

function isUnder(path: string, parents: readonly string[]): boolean {
  return parents.some((parent) => path === parent || path.startsWith(`${parent}/`));
}

/**
 * The root of a sandboxed Machine: this computer's directories under overlays whose upper layers are one private tmpfs,
 * so that programs are there, writes are the Machine's own and vanish with it. Planned once, mounted for every Machine
 * by one `mount -a -T fstab`.
 */

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** A part of the root: `lower` seen through an overlay, or bound read-only where no overlay is possible (single files, too). */
export interface Layer {
  path: string;
  lower: string;
  kind: "overlay" | "bind";
}

export interface RootPlan {
  /** Where the private tmpfs goes; the same for all, each in its own mount namespace. */
  base: string;
  fstab: string;
  layers: Layer[];
  /** Directories to make on the tmpfs before the fstab is mounted. */
  directories: string[];
  userns: boolean;
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
/** What the options of an overlay and the columns of an fstab take without escaping. */
export const PLAIN_PATH = /^[\w./@+-]+$/;
const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];
const MOUNTS_MAX = 32;

/** The whole computer in one overlay, and one more for each other file system mounted in it: root can do this. */
export function wholeRoot(): Layer[] {
  return [{ path: "/", lower: "/", kind: "overlay" }, ...otherFileSystems()];
}

/** One overlay for each top-level directory, which also an ordinary user can do in a user namespace. */
export function rootOfTopDirectories(base: string): Layer[] {
  const skeleton = join(base, "skeleton", "root");
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
  return [{ path: "/", lower: skeleton, kind: "overlay" }, ...directories, ...otherFileSystems()];
}

/**
 * Writes the fstab for these layers.
 * @param hidden a directory that is empty in every Machine: the server's own state, with the configs of all
 */
export function planRoot(base: string, layers: Layer[], userns: boolean, hidden: string): RootPlan {
  const root = join(base, "mount", "root");
  const dev = makeDevSkeleton(base);
  const all: Layer[] = [...layers, { path: "/dev", lower: dev, kind: "overlay" }];
  const upper = (index: number) => join(base, "mount", "layers", String(index), "upper");
  const work = (index: number) => join(base, "mount", "layers", String(index), "work");
  const lines = all.map((layer, index) => {
    const target = join(root, layer.path);
    if (layer.kind === "bind") return `${layer.lower} ${target} none ${userns ? "rbind" : "bind"},ro 0 0`;
    return `overlay ${target} overlay lowerdir=${layer.lower},upperdir=${upper(index)},workdir=${work(index)} 0 0`;
  });
  lines.push(
    `proc ${root}/proc proc nosuid,nodev,noexec 0 0`,
    // In a user namespace sysfs belongs to whoever owns the network, so it can only be bound there.
    userns ? `/sys ${root}/sys none rbind 0 0` : `sysfs ${root}/sys sysfs ro,nosuid,nodev,noexec 0 0`,
    `tmpfs ${root}/run tmpfs mode=755,nosuid,nodev 0 0`,
    `tmpfs ${root}/tmp tmpfs mode=1777,nosuid,nodev 0 0`,
    `tmpfs ${root}/root tmpfs mode=700,nosuid,nodev 0 0`,
    ...DEVICES.map((name) => `/dev/${name} ${root}/dev/${name} none bind 0 0`),
    `devpts ${root}/dev/pts devpts newinstance,ptmxmode=0666,mode=620 0 0`,
    `shm ${root}/dev/shm tmpfs mode=1777,nosuid,nodev 0 0`,
  );
  if (PLAIN_PATH.test(hidden) && !isUnder(hidden, FRESH))
    lines.push(`tmpfs ${root}${hidden} tmpfs ro,mode=700 0 0`);
  const fstab = join(base, "fstab");
  mkdirSync(join(base, "mount"), { recursive: true });
  writeFileSync(fstab, `${lines.join("\n")}\n`);
  const directories = [
    root,
    ...all.flatMap((layer, index) => (layer.kind === "overlay" ? [upper(index), work(index)] : [])),
    ...FRESH.map((path) => join(upper(0), path)),
  ];
  return { base, fstab, layers, directories, userns };
}

/** Mounted file systems that an overlay of `/` does not show. Single files (a container's resolv.conf) are bound. */
function otherFileSystems(): Layer[] {
  const layers: Layer[] = [];
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [mount = "", source = ""] = line.split(" - ");
    const path = mount.split(" ")[4] ?? "/";
    if (path === "/" || PSEUDO.test(source.split(" ")[0] ?? "") || !PLAIN_PATH.test(path)) continue;
    if (isUnder(path, [...FRESH, ...FOREIGN]) || layers.some((layer) => layer.path === path)) continue;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) continue;
    layers.push({ path, lower: path, kind: found.isDirectory() ? "overlay" : "bind" });
  }
  return layers.slice(0, MOUNTS_MAX);
}

/** Mount points for devices, and the links that programs expect beside them. */
function makeDevSkeleton(base: string): string {
  const dev = join(base, "skeleton", "dev");
  for (const name of ["pts", "shm"]) mkdirSync(join(dev, name), { recursive: true });
  for (const name of DEVICES) writeFileSync(join(dev, name), "");
  link("/proc/self/fd", join(dev, "fd"));
  for (const [fd, name] of ["stdin", "stdout", "stderr"].entries())
    link(`/proc/self/fd/${fd}`, join(dev, name));
  link("pts/ptmx", join(dev, "ptmx"));
  return dev;
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function isUnder(path: string, parents: readonly string[]): boolean {
  return parents.some((parent) => path === parent || path.startsWith(`${parent}/`));
}

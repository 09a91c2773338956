/**
 * Puts a tar into a directory, on top of what is there: the layers of an image, one after the other, become its root. One
 * directory of all layers and no stack of overlays, since what marks a hidden directory in an overlay is an extended
 * attribute, which Node can not set; for the same reason file capabilities are lost. Devices and pipes are left out:
 * machines have a /dev of their own.
 */

import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Extract, extract, type Header } from "tar-stream";
import { asImageError, ImageError } from "./error.ts";
import type { ImageBounds } from "./limits.ts";
import { directoryIn, partsIn, standing } from "./root.ts";

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** Other names of this kind are notes of an old file system of docker's. */
const NOTE = ".wh..wh.";
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const LEFT_OUT = ["character-device", "block-device", "fifo"];
/** An ordinary user could neither fill nor remove directories that are closed to their owner. */
const OWNER_ALL = 0o700;

/** What is left of an image's bounds. */
export class Allowance {
  readonly #bounds: ImageBounds;
  #bytes = 0;
  #entries = 0;

  constructor(bounds: ImageBounds) {
    this.#bounds = bounds;
  }

  /** Unpacked so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws ImageError where that is more than an image may hold */
  takeBytes(count: number): void {
    this.#bytes += count;
    if (this.#bytes > this.#bounds.unpackedBytes)
      throw new ImageError(`the image is larger than ${size(this.#bounds.unpackedBytes)} unpacked`);
  }

  takeEntry(): void {
    this.#entries += 1;
    if (this.#entries > this.#bounds.entries)
      throw new ImageError(`the image has more than ${this.#bounds.entries} files`);
  }
}

export interface Unpacking {
  /** An image's layer, in which some names mean that a file of the layers below is gone; else a plain archive. */
  readonly isLayer: boolean;
  readonly allowance: Allowance;
  readonly signal: AbortSignal;
}

/**
 * Unpacks one tar, uncompressed, into `root`.
 * @throws ImageError where it is damaged, asks for something outside of the root, or is larger than allowed
 */
export async function unpackTar(tar: Readable, root: string, how: Unpacking): Promise<void> {
  const entries = extract();
  const fed = pipeline(tar, entries, { signal: how.signal }).then(
    () => null,
    (error: Error) => error,
  );
  const layer = new Layer(root, how.isLayer);
  let failure: unknown = null;
  try {
    for await (const entry of entries) {
      how.allowance.takeEntry();
      await layer.add(entry);
    }
    layer.finish();
  } catch (error) {
    failure = error;
    entries.destroy(error as Error);
  }
  const cause = failure ?? (await fed);
  await fed;
  if (how.signal.aborted) throw new ImageError("the pull was given up");
  if (cause !== null) throw asImageError(cause, "the archive can not be unpacked");
}

/** What one tar has done so far. */
class Layer {
  readonly #root: string;
  readonly #isLayer: boolean;
  readonly #isRoot = process.getuid?.() === 0;
  /** True paths of what came from this tar, and of the directories above: whiteouts do not mean these. */
  readonly #own = new Set<string>();
  /** Their times change with every entry in them, so they are set in the end. */
  readonly #directories = new Map<string, Date>();

  constructor(root: string, isLayer: boolean) {
    this.#root = root;
    this.#isLayer = isLayer;
  }

  async add(entry: Entry): Promise<void> {
    const header = withPax(entry.header);
    const parts = partsIn(header.name);
    const name = parts.at(-1);
    if (this.#isLayer && name?.startsWith(WHITEOUT)) await this.#whiteOut(parts.slice(0, -1), name, header);
    else if (!LEFT_OUT.includes(header.type)) await this.#put(entry, parts, header);
    entry.resume();
  }

  finish(): void {
    // What was a directory then can be a link by now.
    for (const [path, time] of this.#directories)
      if (this.#isStillDirectory(path)) utimesSync(path, time, time);
  }

  async #put(entry: Entry, parts: readonly string[], header: Header): Promise<void> {
    if (parts.length === 0) {
      if (header.type !== "directory") throw new ImageError(`"${header.name}" is no name of a file`);
      this.#own.add(this.#root);
      return this.#giveRights(this.#root, header);
    }
    const parent = directoryIn(this.#root, parts.slice(0, -1), true) ?? this.#root;
    const path = join(parent, parts.at(-1) ?? "");
    const there = standing(path);
    const isKept = header.type === "directory" && there?.isDirectory() === true;
    // Before anything is removed: a link to itself would lose its file.
    const linked = header.type === "link" ? this.#linked(header, path) : null;
    if (linked === path) return;
    if (there !== null && !isKept) await rm(path, { recursive: true, force: true });
    switch (header.type) {
      case "directory":
        if (!isKept) mkdirSync(path, OWNER_ALL);
        this.#giveRights(path, header);
        break;
      case "file":
      case "contiguous-file":
        await this.#write(entry, path, header);
        break;
      case "symlink":
        symlinkSync(header.linkname, path);
        if (this.#isRoot) lchownSync(path, header.uid, header.gid);
        lutimesSync(path, header.mtime, header.mtime);
        break;
      case "link":
        linkSync(linked ?? "", path);
        break;
      default:
        throw new ImageError(`"${header.name}" is of a kind that tar archives of images do not have`);
    }
    this.#remember(path);
  }

  /** The true path of what a hard link is to: in the root, whatever its name says. */
  #linked(header: Header, path: string): string {
    const target = partsIn(header.linkname);
    const directory = directoryIn(this.#root, target.slice(0, -1), false);
    const found = join(directory ?? this.#root, target.at(-1) ?? "");
    const there = directory === null || target.length === 0 ? null : standing(found);
    if (there === null || there.isDirectory())
      throw new ImageError(`"${header.name}" is a link to "${header.linkname}", and there is no such file`);
    // It would go with what is removed to make room.
    if (found.startsWith(`${path}/`)) throw new ImageError(`"${header.name}" is a link to what is below it`);
    return found;
  }

  async #write(entry: Entry, path: string, header: Header): Promise<void> {
    if (Object.keys((header as WithPax).pax ?? {}).some((key) => key.startsWith("GNU.sparse")))
      throw new ImageError(`"${header.name}" is stored as a sparse file, which is not supported`);
    const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      for await (const chunk of entry as AsyncIterable<Buffer>)
        for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
      // The owner first: a change of it takes the bits away that a program is run as its owner with.
      if (this.#isRoot) fchownSync(fd, header.uid, header.gid);
      fchmodSync(fd, header.mode & 0o7777);
      futimesSync(fd, header.mtime, header.mtime);
    } finally {
      closeSync(fd);
    }
  }

  #giveRights(directory: string, header: Header): void {
    if (this.#isRoot) lchownSync(directory, header.uid, header.gid);
    chmodSync(directory, (header.mode & 0o7777) | (this.#isRoot ? 0 : OWNER_ALL));
    this.#directories.set(directory, header.mtime);
  }

  async #whiteOut(above: readonly string[], name: string, header: Header): Promise<void> {
    if (name !== OPAQUE && name.startsWith(NOTE)) return;
    const hidden = name.slice(WHITEOUT.length);
    if (name !== OPAQUE && ["", ".", ".."].includes(hidden))
      throw new ImageError(`"${header.name}" hides no file`);
    const directory = directoryIn(this.#root, above, false);
    if (directory === null) return;
    if (name === OPAQUE) await this.#removeForeign(directory);
    else if (!this.#own.has(join(directory, hidden)))
      await rm(join(directory, hidden), { recursive: true, force: true });
    else await this.#removeForeign(join(directory, hidden));
  }

  /** Removes what the layers below have in a directory. */
  async #removeForeign(directory: string): Promise<void> {
    if (standing(directory)?.isDirectory() !== true) return;
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (this.#own.has(path)) await this.#removeForeign(path);
      else await rm(path, { recursive: true, force: true });
    }
  }

  #remember(path: string): void {
    for (let each = path; !this.#own.has(each) && each !== this.#root; each = dirname(each))
      this.#own.add(each);
  }

  #isStillDirectory(path: string): boolean {
    for (let each = path; each !== this.#root; each = dirname(each))
      if (standing(each)?.isDirectory() !== true) return false;
    return basename(path) !== "";
  }
}

interface WithPax extends Header {
  pax?: Record<string, string> | null;
}

type Entry = Extract extends AsyncIterable<infer Each> ? Each : never;

/** Extended headers tell what does not fit into the plain one; tar-stream takes only names and sizes from them. */
function withPax(header: Header): Header {
  const { pax } = header as WithPax;
  if (!pax) return header;
  const number = (key: string) => (/^\d+$/.test(pax[key] ?? "") ? Number(pax[key]) : undefined);
  const seconds = /^-?\d+(\.\d+)?$/.test(pax.mtime ?? "") ? Number(pax.mtime) : null;
  return {
    ...header,
    uid: number("uid") ?? header.uid,
    gid: number("gid") ?? header.gid,
    mtime: seconds === null ? header.mtime : new Date(seconds * 1000),
  };
}

function size(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}

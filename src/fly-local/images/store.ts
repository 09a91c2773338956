/**
 * Images on this computer: `images/<digits of the id>` holds one's root and what is known of it, `references/` which image a
 * name means. Other programs may add and remove at the same time: everything is made beside, in `partial/`, and gets its
 * place by being renamed, so that nobody ever finds half of it.
 */

import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ImageContent } from "./content.ts";
import { partsOf } from "./digest.ts";
import { ImageError } from "./error.ts";
import { fetchInOrder } from "./fetch-in-order.ts";
import type { ImageConfig } from "./image-config.ts";
import { applyLayer } from "./layer.ts";
import type { ImageBounds } from "./limits.ts";
import { pinned, type Reference } from "./reference.ts";
import { standing } from "./root.ts";
import { Allowance } from "./unpack.ts";

/** What is known of an image in the store. */
interface ImageRecord {
  readonly id: string;
  readonly digest: string | null;
  readonly config: ImageConfig;
  readonly unpackedBytes: number;
}

export interface StoredImage extends ImageRecord {
  /** A directory that is never changed: the lower layer of machines. */
  readonly root: string;
}

/** A name and what it means. */
export interface NamedImage {
  readonly name: string;
  readonly id: string;
  /** Epoch milliseconds. */
  readonly addedAt: number;
}

export interface PutProgress {
  /** Bytes that came of all that are to come; null where nobody says how many that are. */
  readonly fetched: number;
  readonly total: number | null;
  readonly layersDone: number;
  readonly layers: number;
}

export class ImageStore {
  readonly #images: string;
  readonly #references: string;
  readonly #partial: string;
  readonly #bounds: ImageBounds;

  constructor(directory: string, bounds: ImageBounds) {
    this.#images = join(directory, "images");
    this.#references = join(directory, "references");
    this.#partial = join(directory, "partial");
    this.#bounds = bounds;
    // What an image marks as run with its owner's rights must not be within reach of the computer's users.
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const each of [this.#images, this.#references, this.#partial]) mkdirSync(each, { recursive: true });
    this.#removeAbandoned();
  }

  /** What a name means here, or null. */
  find(reference: Reference): StoredImage | null {
    const named = readJson<NamedImage>(this.#referencePath(reference.name));
    return named === null ? null : this.#image(named.id);
  }

  /** Unpacks an image, unless it is here, and gives it these names. @throws ImageError with nothing left behind */
  async put(
    content: ImageContent,
    references: readonly Reference[],
    signal: AbortSignal,
    onProgress: (progress: PutProgress) => void = () => {},
  ): Promise<StoredImage> {
    if (this.#image(content.id) === null) await this.#unpack(content, signal, onProgress);
    for (const reference of references) {
      this.#name(reference, content.id);
      if (content.digest !== null) this.#name(pinned(reference, content.digest), content.id);
    }
    const image = this.#image(content.id);
    if (image === null) throw new ImageError("the image was removed while it was being added");
    return image;
  }

  /** A directory for what is on its way, which goes with this process at the latest. */
  makePartial(): string {
    const path = join(this.#partial, `${process.pid}-${randomBytes(6).toString("hex")}`);
    mkdirSync(path, { mode: 0o700 });
    return path;
  }

  list(): (NamedImage & StoredImage)[] {
    return this.#named()
      .flatMap((named) => {
        const image = this.#image(named.id);
        return image === null ? [] : [{ ...named, ...image }];
      })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Takes a name away, and the image with its last one. Answers whether there was such a name. */
  async remove(reference: Reference): Promise<boolean> {
    const named = readJson<NamedImage>(this.#referencePath(reference.name));
    if (named === null) return false;
    const image = this.#image(named.id);
    rmSync(this.#referencePath(reference.name), { force: true });
    // A name by digest was given along with the others and is not worth keeping alone.
    const others = this.#named().filter((other) => other.id === named.id);
    if (others.some((other) => !other.name.includes("@"))) return true;
    for (const other of others) rmSync(this.#referencePath(other.name), { force: true });
    if (image === null) return true;
    const trash = this.makePartial();
    renameSync(this.#imagePath(named.id), join(trash, "image"));
    await rm(trash, { recursive: true, force: true });
    return true;
  }

  async #unpack(
    content: ImageContent,
    signal: AbortSignal,
    onProgress: (progress: PutProgress) => void,
  ): Promise<void> {
    const partial = this.makePartial();
    try {
      const root = join(partial, "image/root");
      mkdirSync(root, { recursive: true });
      const allowance = new Allowance(this.#bounds);
      await fetchInOrder(content.layers, join(partial, "layers"), signal, onProgress, async (layer) => {
        await applyLayer(layer, root, allowance, signal);
      });
      // Machines without a /tmp could not take what runs their command.
      if (standing(join(root, "tmp")) === null) {
        mkdirSync(join(root, "tmp"));
        chmodSync(join(root, "tmp"), 0o1777);
      }
      const { id, digest, config } = content;
      const record: ImageRecord = { id, digest, config, unpackedBytes: allowance.bytes };
      writeFileSync(join(partial, "image/image.json"), JSON.stringify(record));
      try {
        renameSync(join(partial, "image"), this.#imagePath(id));
      } catch (error) {
        // Somebody else has added the same meanwhile.
        if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      }
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  #image(id: string): StoredImage | null {
    const directory = this.#imagePath(id);
    const record = readJson<ImageRecord>(join(directory, "image.json"));
    return record === null ? null : { ...record, root: join(directory, "root") };
  }

  #imagePath(id: string): string {
    const { algorithm, hex } = partsOf(id);
    return join(this.#images, `${algorithm}-${hex}`);
  }

  #name(reference: Reference, id: string): void {
    const named: NamedImage = { name: reference.name, id, addedAt: Date.now() };
    const path = this.#referencePath(reference.name);
    const beside = join(this.#partial, `${process.pid}-${randomBytes(6).toString("hex")}`);
    writeFileSync(beside, JSON.stringify(named));
    renameSync(beside, path);
  }

  #named(): NamedImage[] {
    return readdirSync(this.#references).flatMap(
      (file) => readJson<NamedImage>(join(this.#references, file)) ?? [],
    );
  }

  #referencePath(name: string): string {
    return join(this.#references, `${createHash("sha256").update(name).digest("hex")}.json`);
  }

  /** What a process that was killed had begun. */
  #removeAbandoned(): void {
    for (const name of readdirSync(this.#partial)) {
      const pid = Number(name.split("-")[0]);
      if (isAlive(pid)) continue;
      rmSync(join(this.#partial, name), { recursive: true, force: true });
    }
  }
}

/** Also this process: its number may be an older one's, whose leftovers then wait for the next start. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readJson<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

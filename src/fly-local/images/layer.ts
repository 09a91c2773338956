/** One layer's file on its way into a root: uncompressed as it says itself, counted, and compared with its digest. */

import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { type Readable, Transform, type TransformCallback } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { DigestCheck } from "./digest.ts";
import { asImageError, ImageError } from "./error.ts";
import { type Allowance, unpackTar } from "./unpack.ts";

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];
const BLOCK = 512;

export interface LayerFile {
  readonly path: string;
  /** For messages: "layer 2 of 5". */
  readonly name: string;
  /** Of its tar, uncompressed; null where nobody says. */
  readonly diffId: string | null;
}

/** Unpacks a layer's file on top of a root. @throws ImageError */
export async function applyLayer(
  layer: LayerFile,
  root: string,
  allowance: Allowance,
  signal: AbortSignal,
  isLayer = true,
): Promise<void> {
  const check = layer.diffId === null ? null : new DigestCheck(layer.diffId, layer.name);
  const measured = new Measured(allowance, check);
  const file = createReadStream(layer.path, { highWaterMark: 256 * 1024 });
  const inflate = decompression(layer.path);
  const tar = inflate === null ? file.pipe(measured) : file.pipe(inflate).pipe(measured);
  const pass = (error: Error) => measured.destroy(error);
  file.on("error", pass);
  inflate?.on("error", pass);
  try {
    await unpackTar(tar as Readable, root, { isLayer, allowance, signal });
  } catch (error) {
    throw new ImageError(`${layer.name}: ${asImageError(error, "it can not be unpacked").message}`, {
      cause: error,
    });
  } finally {
    file.destroy();
    inflate?.destroy();
  }
}

/** Counts and hashes a tar, and gives it the end that some tools leave out. */
class Measured extends Transform {
  readonly #allowance: Allowance;
  readonly #check: DigestCheck | null;
  #bytes = 0;

  constructor(allowance: Allowance, check: DigestCheck | null) {
    super();
    this.#allowance = allowance;
    this.#check = check;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#bytes += chunk.length;
    try {
      this.#allowance.takeBytes(chunk.length);
      this.#check?.update(chunk);
      done(null, chunk);
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      this.#check?.end();
      const over = this.#bytes % BLOCK;
      done(null, Buffer.alloc((over === 0 ? 0 : BLOCK - over) + 2 * BLOCK));
    } catch (error) {
      done(error as Error);
    }
  }
}

/** By its first bytes: what descriptors say of it is not always so. */
function decompression(path: string): Transform | null {
  const start = Buffer.alloc(ZSTD.length);
  const fd = openSync(path, "r");
  try {
    readSync(fd, start);
  } finally {
    closeSync(fd);
  }
  const begins = (magic: readonly number[]) => magic.every((byte, index) => start[index] === byte);
  if (begins(GZIP)) return createGunzip();
  return begins(ZSTD) ? createZstdDecompress() : null;
}

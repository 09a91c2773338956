/** The blob store in memory. */

import type { Blobs } from "../../../src/flow/ports.ts";

export class MemoryBlobs implements Blobs {
  readonly stored = new Map<string, Uint8Array>();

  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.stored.set(key, bytes);
  }

  async get(key: string): Promise<Uint8Array | null> {
    return this.stored.get(key) ?? null;
  }
}

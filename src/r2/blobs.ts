/** Large output in Cloudflare R2. */

import type { Blobs } from "../flow/ports.ts";

/** Blobs in an R2 bucket. A key fixes its bytes, so writing it again is harmless. */
export function r2Blobs(bucket: R2Bucket): Blobs {
  return {
    async put(key, bytes) {
      await bucket.put(key, bytes);
    },
    async get(key) {
      const object = await bucket.get(key);
      return object ? new Uint8Array(await object.arrayBuffer()) : null;
    },
  };
}

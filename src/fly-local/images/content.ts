/** An image before it is in the store: what it is, and how its layers can be had. */

import type { ImageConfig } from "./image-config.ts";

export interface ImageContent {
  /** The digest of its config, by which it is known whatever it is called. */
  readonly id: string;
  /** The digest of its manifest; null where it has none (an archive of docker's, an engine's). */
  readonly digest: string | null;
  readonly config: ImageConfig;
  /** From the lowest up. */
  readonly layers: readonly LayerSource[];
}

export interface LayerSource {
  /** The digest of its tar; null where nobody says. */
  readonly diffId: string | null;
  /** Bytes to come; null where nobody says. */
  readonly bytes: number | null;
  /**
   * Answers the path of its file, proven to be the right one where there is a digest to prove it with.
   * @param place a path for it, where it is not on this computer yet
   * @param onBytes told of those that came
   */
  fetch(place: string, signal: AbortSignal, onBytes: (count: number) => void): Promise<string>;
}

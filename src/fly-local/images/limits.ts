/** Every bound on images, with its unit and the reason for it. */

/** What an image may hold. */
export interface ImageBounds {
  /** All its layers unpacked: Fly refuses images of more than 8 GB. */
  readonly unpackedBytes: number;
  /** Entries of all its layers, for those that are small but countless. */
  readonly entries: number;
}

export const IMAGE_BOUNDS: ImageBounds = { unpackedBytes: 8 * 1024 ** 3, entries: 1_000_000 };
/** Registries take manifests of up to this size (OCI distribution specification); configs are of the same kind. */
export const MANIFEST_MAX_BYTES = 4 * 1024 * 1024;
/** Container engines build images of up to 127. */
export const LAYERS_MAX = 256;
/** Links that are followed to find one place, as in Linux. */
export const LINKS_MAX = 40;
/** Downloads of one image at the same time, as docker does by default. */
export const DOWNLOADS_AT_ONCE = 3;
/** A registry that has not begun to answer by then does not answer. */
export const REGISTRY_ANSWER_MS = 30_000;
/** What of an image's `passwd` and `group` is read. */
export const ACCOUNTS_MAX_BYTES = 1024 * 1024;
/** Between two lines about the progress of a pull. */
export const PROGRESS_EACH_MS = 1_000;

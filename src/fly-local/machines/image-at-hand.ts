/** Has what a Machine is about to need of its image. */

import type { Images } from "../images/images.ts";
import type { StoredImage } from "../images/store.ts";
import type { Machine } from "./machine.ts";
import type { Registry } from "./registry.ts";

/**
 * What is known of the image only now is kept.
 * @returns null where Machines see this computer's files in place of images
 * @throws ImageError
 */
export async function imageAtHand(
  machine: Machine,
  images: Images,
  registry: Registry,
): Promise<StoredImage | null> {
  if (images.kind === "host") return null;
  const { id, config } = machine;
  const stored = await images.prepare(config.image);
  const image = images.known(config.image);
  const current = registry.get(machine.app, id);
  // Another version may have another image.
  if (image !== null && current?.config.image === config.image && current.image?.digest !== image.digest)
    registry.apply(id, { kind: "image_had", image });
  return stored;
}

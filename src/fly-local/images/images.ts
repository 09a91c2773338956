/** Where the images of machines come from: this computer itself, or real ones. */

import type { WireConfig } from "../../fly/wire.ts";
import { ApiError } from "../error.ts";
import type { ImageConfig } from "./image-config.ts";

export type ImagesChoice = "host" | "real";

/** What an answer tells of an image beside its name. */
export interface ImageFacts {
  readonly digest: string;
  readonly labels: Readonly<Record<string, string>> | null;
}

/** An image that machines can be started from. */
export interface ImageAtHand {
  /** Where a container engine has it, what that knows it by. */
  readonly id: string;
  /** A directory that is never changed: the image's files; where a container engine has those, its accounts alone. */
  readonly root: string;
  readonly config: ImageConfig;
}

export interface Images {
  readonly kind: ImagesChoice;
  /** Refuses a create at once, as Fly does where it finds no manifest. @throws ApiError */
  admit(config: WireConfig): Promise<void>;
  /** What is known of an image without asking anybody. */
  known(image: string): ImageFacts | null;
  /**
   * Has the image at hand; null where machines see this computer's files in its place.
   * @throws ImageError
   */
  prepare(image: string): Promise<ImageAtHand | null>;
  close(): Promise<void>;
}

/** @param image its digest is that of its manifest; null where it has none */
export function factsOf(image: { id: string; digest: string | null; config: ImageConfig }): ImageFacts {
  const { labels } = image.config;
  return { digest: image.digest ?? image.id, labels: Object.keys(labels).length === 0 ? null : labels };
}

/** @throws ApiError where there is nothing to run */
export function checkCommand(command: readonly string[]): void {
  if (command.length === 0)
    throw new ApiError(
      400,
      "no command: images are not used here, so init.exec, init.entrypoint or init.cmd must say what the machine runs, and of config.processes each what it runs",
    );
}

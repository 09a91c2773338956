/** Where the images of machines come from: this computer itself, or real ones. */

import type { WireConfig } from "../../fly/wire.ts";
import { ApiError } from "../error.ts";
import type { StoredImage } from "./store.ts";

export type ImagesChoice = "host" | "real";

/** What an answer tells of an image beside its name. */
export interface ImageFacts {
  readonly digest: string;
  readonly labels: Readonly<Record<string, string>> | null;
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
  prepare(image: string): Promise<StoredImage | null>;
  close(): Promise<void>;
}

/** @throws ApiError where there is nothing to run */
export function checkCommand(command: readonly string[]): void {
  if (command.length === 0)
    throw new ApiError(
      400,
      "no command: images are not used here, so init.exec, init.entrypoint or init.cmd must say what the machine runs, and of config.processes each what it runs",
    );
}

/** `mayfly images`: what the local Machines API has in store. It is a program of its own, as the API is; this starts it. */

import { fileURLToPath } from "node:url";
import { UsageError } from "../../cli-error.ts";
import { forward } from "../../forward.mjs";
import { placesIn } from "../start/places.ts";

const IMAGES_MAIN = fileURLToPath(new URL("../../../fly-local/images-main.ts", import.meta.url));

/** Which of its verbs, of what, with which options. */
export interface ImagesCall {
  verb: "add" | "list" | "remove";
  subject?: string;
  state?: string;
  /** The folder of a `mayfly start`, in place of `state`. */
  dir?: string;
  as?: string;
}

/** The program's own arguments. @throws UsageError */
export function imagesArgs({ verb, subject, state, dir, as }: ImagesCall): string[] {
  if (state !== undefined && dir !== undefined)
    throw new UsageError("--state and --dir say the same; give one of them");
  const folder = dir === undefined ? state : placesIn(dir).machines;
  const options = Object.entries({ state: folder, as }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
  return [verb, ...options, "--", ...(subject === undefined ? [] : [subject])];
}

/** Runs it and answers its exit code. */
export function images(call: ImagesCall): Promise<number> {
  return forward(process.execPath, [IMAGES_MAIN, ...imagesArgs(call)]);
}

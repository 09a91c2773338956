/** `mayfly images`: what the local Machines API has in store. It is a program of its own, as the API is; this starts it. */

import { fileURLToPath } from "node:url";
import { forward } from "../../forward.mjs";

const IMAGES_MAIN = fileURLToPath(new URL("../../../fly-local/images-main.ts", import.meta.url));

/** Which of its verbs, of what, with which options. */
export interface ImagesCall {
  verb: "add" | "list" | "remove";
  subject?: string;
  state?: string;
  as?: string;
}

/** The program's own arguments. */
export function imagesArgs({ verb, subject, state, as }: ImagesCall): string[] {
  const options = Object.entries({ state, as }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
  return [verb, ...options, "--", ...(subject === undefined ? [] : [subject])];
}

/** Runs it and answers its exit code. */
export function images(call: ImagesCall): Promise<number> {
  return forward(process.execPath, [IMAGES_MAIN, ...imagesArgs(call)]);
}

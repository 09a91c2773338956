/** A Machine's `files[]`, as its init puts them in place. */

import type { WireConfig } from "../../fly/wire.ts";
import { type Operation, putFile } from "./init/operations.ts";

/** Of a file whose config names none. */
export const FILE_MODE_DEFAULT = 0o644;

export function putFiles({ files = [] }: WireConfig): Operation[] {
  return files.flatMap(({ guest_path, raw_value = "", mode = FILE_MODE_DEFAULT }) =>
    putFile(guest_path, Buffer.from(raw_value, "base64"), mode),
  );
}

/** `mayfly doctor`: the part of the local Machines API that knows this computer is asked, as a program of its own. */

import { fileURLToPath } from "node:url";
import { forward } from "../../forward.mjs";
import type { DoctorOptions } from "./options.ts";

const DOCTOR_MAIN = fileURLToPath(new URL("../../../fly-local/doctor/main.ts", import.meta.url));

/** Runs it and answers its exit code. */
export function doctor({ json, dir }: DoctorOptions): Promise<number> {
  const args = [...(json ? ["--json"] : []), ...(dir === undefined ? [] : [`--dir=${dir}`])];
  return forward(process.execPath, [DOCTOR_MAIN, ...args]);
}

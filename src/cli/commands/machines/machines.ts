/** `mayfly machines`: the local Machines API alone. It is a program of its own; this starts it with the same options. */

import { fileURLToPath } from "node:url";
import { forward } from "../../forward.mjs";
import type { MachinesOptions } from "./options.ts";

/** The local Machines API's entry point. */
export const MACHINES_MAIN = fileURLToPath(new URL("../../../fly-local/main.ts", import.meta.url));

/** What was given, as the program's own arguments. */
export function machinesArgs(options: MachinesOptions): string[] {
  const { port, host, state, isolation, engine, images, network, token, region, faults } = options;
  const named = Object.entries({
    port,
    host,
    state,
    isolation,
    engine,
    images,
    network,
    token,
    region,
    faults,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name}=${value}`);
  return [
    ...named,
    ...(options.limits ? [] : ["--no-limits"]),
    ...(options.anyToken ? ["--any-token"] : []),
    ...(options.rateLimits ? ["--rate-limits"] : []),
    ...(options.strictApps ? ["--strict-apps"] : []),
  ];
}

/** Runs it and answers its exit code. */
export function machines(options: MachinesOptions): Promise<number> {
  return forward(process.execPath, [MACHINES_MAIN, ...machinesArgs(options)]);
}

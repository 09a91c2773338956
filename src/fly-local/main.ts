/**
 * The program: a local Machines API in the foreground, whose machines are real processes of this computer. `mayfly machines`
 * and `mayfly start` start it; what each option does stands in `mayfly machines --help`.
 */

import { parseArgs } from "node:util";
import { howToCall } from "./how-to-call.ts";
import type { ImagesChoice } from "./images/images.ts";
import { isRegion } from "./machines/placement.ts";
import { ISOLATIONS } from "./processes/choose-level.ts";
import { NETWORKS } from "./processes/network.ts";
import { type MachinesServer, startMachinesServer } from "./server.ts";
import { admissionOf, tokenOf } from "./token.ts";

/** A second one only repeats the wish. */
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
/** Whatever still hangs then is left to the kernel, which ends machines with the server. */
const SHUTDOWN_MAX_MS = 1_900;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "4280" },
      host: { type: "string", default: "127.0.0.1" },
      state: { type: "string", default: ".mayfly/machines" },
      isolation: { type: "string", default: "auto" },
      engine: { type: "string", default: process.env.MAYFLY_ENGINE },
      network: { type: "string", default: "host" },
      "no-limits": { type: "boolean", default: false },
      images: { type: "string", default: "real" },
      // By preference from the environment: arguments are seen by every user of the computer.
      token: { type: "string", default: process.env.MAYFLY_MACHINES_TOKEN },
      "any-token": { type: "boolean", default: false },
      region: { type: "string", default: "local" },
      hide: { type: "string", multiple: true, default: [] },
      "rate-limits": { type: "boolean", default: false },
      "strict-apps": { type: "boolean", default: false },
      faults: { type: "string" },
    },
  });
  const { isolation, images } = values;
  const network = NETWORKS.find((each) => each === values.network);
  if (network === undefined)
    throw new Error(`--network ${values.network}: ${NETWORKS.join(" or ")} is expected`);
  if (!/^\d+$/.test(values.port) || Number(values.port) > 65_535)
    throw new Error(`--port ${values.port}: a number from 0 to 65535 is expected`);
  if (!isRegion(values.region))
    throw new Error(
      `--region ${values.region}: letters, digits and dashes are expected, as in "ams" or "local"`,
    );
  const level = ISOLATIONS.find((each) => each === isolation);
  if (level === undefined)
    throw new Error(`--isolation ${isolation}: one of ${ISOLATIONS.join(", ")} is expected`);
  if (images !== "host" && images !== "real") throw new Error(`--images ${images}: host or real is expected`);
  return {
    ...values,
    admission: admissionOf(values.token || null, values["any-token"], values.host),
    network,
    images: images as ImagesChoice,
    isolation: level,
    port: Number(values.port),
    limits: !values["no-limits"],
    rateLimits: values["rate-limits"],
  };
}

async function main(): Promise<void> {
  let flags: ReturnType<typeof readFlags>;
  try {
    flags = readFlags();
  } catch (error) {
    return fail(`${(error as Error).message}\nmayfly machines --help lists what is accepted`);
  }
  const { admission } = flags;
  let server: MachinesServer;
  try {
    server = await startMachinesServer({
      ...flags,
      stateDir: flags.state,
      token: tokenOf(admission, flags.state),
      engine: flags.engine || null,
      hidden: flags.hide,
      strictApps: flags["strict-apps"],
      faultsFile: flags.faults ?? null,
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return fail(
      code === "EADDRINUSE"
        ? `port ${flags.port} of ${flags.host} is in use by another program: choose another one with --port`
        : `the local Machines API cannot start: ${message}`,
    );
  }
  const ready = `local Machines API ready on ${server.url} (${server.isolation})\n`;
  process.stdout.write(admission.kind === "kept" ? ready + howToCall(server.url, flags.state) : ready);
  let closing = false;
  const shutDown = () => {
    if (closing) return;
    closing = true;
    setTimeout(() => process.exit(1), SHUTDOWN_MAX_MS).unref();
    void server.close().then(() => process.exit(0));
  };
  for (const signal of SIGNALS) process.on(signal, shutDown);
}

await main();

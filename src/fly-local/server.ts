/** Starts the local Machines API: opens the state, finds out how machines can be isolated, marks what was lost, listens. */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { machinesApi } from "./app.ts";
import { Faults } from "./faults.ts";
import { Host } from "./host.ts";
import { hostImages } from "./images/host-images.ts";
import type { Images, ImagesChoice } from "./images/images.ts";
import type { ImageSources } from "./images/open-images.ts";
import { DESTROYED_KEPT_MS, DESTROYED_SWEEP_MS, RESTART_DELAY_MS } from "./limits.ts";
import { chooseLevel, type IsolationChoice } from "./processes/choose-level.ts";
import { Registry } from "./registry.ts";
import { openStore } from "./store.ts";

export interface MachinesServerOptions {
  /** 0 takes a free one. Default 4280, which is Fly's inside its network. */
  port?: number;
  host?: string;
  /** Where machines are remembered. */
  stateDir: string;
  /** Directories of this computer, besides the state, that sandboxed machines find empty. */
  hidden?: readonly string[];
  isolation?: IsolationChoice;
  /** Default real: this computer's own files are given to machines only where that was asked for. */
  images?: ImagesChoice;
  /** Where real images come from, apart from the store in `stateDir`. */
  imageSources?: ImageSources;
  /** What the Authorization header must carry; by default anything. */
  token?: string | null;
  region?: string;
  now?: () => number;
  restartDelayMs?: number;
}

export interface MachinesServer {
  readonly url: string;
  /** "sandbox: what that means here", for the line at start-up. */
  readonly isolation: string;
  /** Ends all machines and settles when no process of theirs is left. */
  close(): Promise<void>;
}

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]", "_api.internal"];

export async function startMachinesServer(options: MachinesServerOptions): Promise<MachinesServer> {
  const { port = 4280, host: hostname = "127.0.0.1", region = "local", now = Date.now } = options;
  const directory = resolve(options.stateDir);
  const parts = { faults: new Faults(), region, token: options.token ?? null };
  const isLoopback = LOOPBACK_NAMES.includes(hostname) || hostname.startsWith("127.") || hostname === "::1";
  const hostNames = isLoopback ? [...LOOPBACK_NAMES, hostname] : null;

  // The port first: a second server on the same state must not take the first one's machines for lost.
  let fetch: ReturnType<typeof machinesApi>["fetch"] | null = null;
  const server = createAdaptorServer({
    fetch: (request, env) => fetch?.(request, env) ?? new Response("starting\n", { status: 503 }),
  }) as Server;
  await listening(server, port, hostname);
  let host: Host;
  try {
    const choice = options.images ?? "real";
    const hidden = options.hidden?.map((path) => resolve(path));
    const level = await chooseLevel(options.isolation ?? "auto", directory, choice, hidden);
    const registry = new Registry(openStore(directory), now);
    const images = choice === "host" ? hostImages : await realOnes(directory, options.imageSources);
    host = new Host(registry, level, images, options.restartDelayMs ?? RESTART_DELAY_MS);
    await host.loseAll();
  } catch (error) {
    server.close();
    throw error;
  }
  fetch = machinesApi({ ...parts, host, hostNames }).fetch;

  const { store } = host.registry;
  const sweep = () => store.dropDestroyedBefore(now() - DESTROYED_KEPT_MS);
  sweep();
  const sweeper = setInterval(sweep, DESTROYED_SWEEP_MS);
  sweeper.unref();
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${bound}`,
    isolation: `${host.level.name}: ${host.level.detail}`,
    close: async () => {
      clearInterval(sweeper);
      const closed = new Promise((done) => server.close(done));
      await host.close();
      server.closeAllConnections();
      await closed;
      store.close();
    },
  };
}

/** Loaded on demand: a server without images starts without what they need. */
async function realOnes(directory: string, sources: ImageSources | undefined): Promise<Images> {
  const { openImages } = await import("./images/open-images.ts");
  return openImages(directory, sources);
}

function listening(server: Server, port: number, hostname: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once("error", fail);
    server.listen(port, hostname, () => {
      server.off("error", fail);
      done();
    });
  });
}

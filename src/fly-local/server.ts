/** Starts the local Machines API: claims and opens the state, finds out how machines can be isolated, marks what was lost, listens. */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { machinesApi } from "./app.ts";
import { type Clock, systemClock } from "./clock.ts";
import { addFromFile, Faults, readFaultsFile } from "./faults/faults.ts";
import { hostImages } from "./images/host-images.ts";
import type { Images, ImagesChoice } from "./images/images.ts";
import type { ImageSources } from "./images/open-images.ts";
import { DESTROYED_KEPT_MS, DESTROYED_SWEEP_MS, RESTART_DELAY_MS } from "./limits.ts";
import { Host } from "./machines/host.ts";
import type { LeaseConflict } from "./machines/lease.ts";
import { Registry } from "./machines/registry.ts";
import { Scheduler } from "./machines/scheduler.ts";
import { startPlan } from "./machines/start-plan.ts";
import { openPlatform, type Platform } from "./platform/platform.ts";
import { chooseLevel, type IsolationChoice } from "./processes/choose-level.ts";
import type { Level } from "./processes/level.ts";
import type { Network } from "./processes/network.ts";
import { RateLimits } from "./rate-limits.ts";
import { SkewedClock } from "./skewed-clock.ts";
import { claimState } from "./state-claim.ts";
import { openStore } from "./store.ts";
import { directoryToHide, madeDirectory } from "./true-path.ts";

export interface MachinesServerOptions {
  /** 0 takes a free one. Default 4280, which is Fly's inside its network. */
  port?: number;
  host?: string;
  /** Where machines are remembered. */
  stateDir: string;
  /** Directories of this computer, besides the state, that sandboxed machines find empty; each must be there. */
  hidden?: readonly string[];
  isolation?: IsolationChoice;
  /** What the container engine is started by. Default: docker, else podman. */
  engine?: string | null;
  /** Whether Machines are held to their size, where this computer can do that. Default: yes. */
  limits?: boolean;
  /** Processes of a Machine, in place of what its memory gives. */
  pidsMax?: number;
  /** What of the network machines have. Default: the computer's own. */
  network?: Network;
  /** Default real: this computer's own files are given to machines only where that was asked for. */
  images?: ImagesChoice;
  /** Where real images come from, apart from the store in `stateDir`. */
  imageSources?: ImageSources;
  /** What the Authorization header must carry; by default anything. */
  token?: string | null;
  region?: string;
  /** By default the computer's. */
  clock?: Clock;
  /** Whether Fly's rate limits are in force. Default: no. */
  rateLimits?: boolean;
  /** What a stop and a destroy do that meet somebody else's lease. Default: wait, as Fly does. */
  leaseConflict?: LeaseConflict;
  restartDelayMs?: number;
  /** An app has to be created before it is used, as on Fly; by default any name is one from its first use on. */
  strictApps?: boolean;
  /** A JSON file with faults to begin with (`faults.ts`). */
  faultsFile?: string | null;
}

export interface MachinesServer {
  readonly url: string;
  /** "sandbox: what that means here", for the line at start-up. */
  readonly isolation: string;
  /** Ends all machines and settles when no process of theirs is left. */
  close(): Promise<void>;
}

export async function startMachinesServer(options: MachinesServerOptions): Promise<MachinesServer> {
  const { port = 4280, host: hostname = "127.0.0.1", region = "local" } = options;
  const { leaseConflict = "wait" } = options;
  const clock = new SkewedClock(options.clock ?? systemClock());
  const given = options.faultsFile ? readFaultsFile(options.faultsFile) : [];
  const faults = new Faults((skewMs) => clock.skew(skewMs));
  const { now } = clock;
  const directory = madeDirectory(options.stateDir);
  const hidden = options.hidden?.map(directoryToHide) ?? [];
  const rateLimits = options.rateLimits ? new RateLimits(now) : null;
  const parts = {
    faults,
    region,
    clock,
    rateLimits,
    leaseConflict,
    token: options.token ?? null,
    listensOn: hostname,
    now,
  };

  const claim = await claimState(directory);
  /** What a start that fails has to close again, the newest first. */
  const opened: (() => unknown)[] = [claim.release];
  let fetch: ReturnType<typeof machinesApi>["fetch"] | null = null;
  const server = createAdaptorServer({
    fetch: (request, env) => fetch?.(request, env) ?? new Response("starting\n", { status: 503 }),
  }) as Server;
  let url: string;
  let host: Host;
  let platform: Platform;
  let scheduler: Scheduler;
  try {
    // Before all that takes time: a port that is taken is to be told at once.
    await listening(server, port, hostname);
    opened.unshift(() => server.close());
    const { port: bound } = server.address() as AddressInfo;
    url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${bound}`;
    claim.listensOn(url);
    const choice = options.images ?? "real";
    const level = await chooseLevel(options.isolation ?? "auto", directory, {
      ...options,
      images: choice,
      hidden,
    });
    opened.unshift(level.close);
    const registry = new Registry(openStore(directory), now);
    opened.unshift(registry.store.close);
    platform = openPlatform(registry.store, directory, now, options.strictApps ?? false);
    opened.unshift(platform.close);
    const images = choice === "host" ? hostImages : await realOnes(directory, level, options.imageSources);
    opened.unshift(() => images.close());
    host = new Host(registry, level, images, {
      restartDelayMs: options.restartDelayMs ?? RESTART_DELAY_MS,
      planOf: (machine, image) => startPlan(machine, image, platform),
      startFailed: (machine, reason) => platform.logs.startFailed(machine, reason),
      pullDelayMs: ({ app, id }) => faults.delayOf("pull", { app, machine: id }),
      bootDelayMs: ({ app, id }) => faults.delayOf("boot", { app, machine: id }),
      revertDelayMs: ({ app, id }) => faults.revertOf({ app, machine: id }),
    });
    await host.loseAll();
    scheduler = new Scheduler(host, clock);
    opened.unshift(() => scheduler.close());
    clock.onSkew(() => scheduler.lookAgain());
    const api = machinesApi({ ...parts, host, platform, scheduler });
    // It knows by now what operations there are.
    addFromFile(faults, given, options.faultsFile ?? "");
    fetch = api.fetch;
  } catch (error) {
    for (const close of opened) await close();
    throw error;
  }

  const { store } = host.registry;
  const sweep = () => {
    store.dropDestroyedBefore(now() - DESTROYED_KEPT_MS);
    platform.logs.sweep();
  };
  sweep();
  let cancelSweep = () => {};
  const sweepLater = () => {
    cancelSweep = clock.at(now() + DESTROYED_SWEEP_MS, () => {
      sweep();
      sweepLater();
    });
  };
  sweepLater();
  return {
    url,
    isolation: `${host.level.name}: ${host.level.detail}`,
    close: async () => {
      claim.ending();
      cancelSweep();
      scheduler.close();
      const closed = new Promise((done) => server.close(done));
      await host.close();
      server.closeAllConnections();
      await closed;
      await platform.close();
      store.close();
      claim.release();
    },
  };
}

/** Loaded on demand: a server without images starts without what they need. */
async function realOnes(directory: string, { engine }: Level, sources?: ImageSources): Promise<Images> {
  const { openEngineImages, openImages } = await import("./images/open-images.ts");
  return engine === undefined ? openImages(directory, sources) : openEngineImages(directory, engine, sources);
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

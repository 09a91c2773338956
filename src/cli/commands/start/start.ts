/** `mayfly start`: the whole of Mayfly on this computer, from nothing to a first job, until Ctrl-C. */

import { join, relative, resolve } from "node:path";
import { Client } from "../../api-client.ts";
import { CliError, EXIT } from "../../cli-error.ts";
import { connectionOf, type LocalMayfly } from "../../connection.ts";
import { Interrupts } from "../../interrupts.ts";
import { type Io, say, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { MACHINES_MAIN } from "../machines/machines.ts";
import { claim } from "./claim.ts";
import { showDemo } from "./demo.ts";
import { makeFolders } from "./folders.ts";
import { isolationWords } from "./isolation-words.ts";
import { endWithLauncher } from "./launcher.ts";
import { checkMachinesToken } from "./machines-token.ts";
import type { StartOptions } from "./options.ts";
import { CHECKOUT, type Places, placesIn } from "./places.ts";
import { freePort, HOST } from "./ports.ts";
import type { ProgramSpec } from "./program.ts";
import { isolationOnceUp } from "./ready.ts";
import { keepSecrets, writeLocal } from "./secrets.ts";
import { Steps } from "./steps.ts";
import { Supervisor } from "./supervisor.ts";
import { welcome } from "./welcome.ts";
import { WorkerKeeper } from "./worker-keeper.ts";
import { AppliedMigrations, migrationsSpec, workerSpec } from "./wrangler.ts";

/** Everything that this start decided before it started anything. */
interface Plan {
  places: Places;
  port: number;
  /** Null where a Machines API runs already. */
  machinesPort: number | null;
  /** What opens the local Machines API. */
  machinesToken: string;
  local: LocalMayfly;
  /** Gives up the folder. */
  giveUp: () => void;
}

/** Stays until it is told to end, or one of its programs dies. Answers the exit code. */
export async function start(options: StartOptions, io: Io): Promise<number> {
  const steps = new Steps(io);
  const plan = await prepare(options, io, steps);
  const supervisor = new Supervisor();
  const interrupts = new Interrupts(io);
  const over = new AbortController();
  const told = new Promise<void>((resolve) => interrupts.onFirst(resolve));
  const forgetLauncher = endWithLauncher(io);
  try {
    await Promise.race([up(options, io, steps, plan, supervisor, over.signal), supervisor.failure, told]);
  } finally {
    over.abort();
    if (interrupts.by !== null)
      await write(io.stdout, "\n")
        .then(() => steps.say("ending what was started"))
        .catch(() => undefined);
    await Promise.race([supervisor.stop(), aborted(interrupts.again)]);
    plan.giveUp();
    forgetLauncher();
    interrupts.stop();
  }
  // The guard ends what a second Ctrl-C leaves.
  return interrupts.again.aborted ? EXIT.interrupted : EXIT.ok;
}

/** Looks at the ports and writes what the programs read, before any of them runs. */
async function prepare(options: StartOptions, io: Io, steps: Steps): Promise<Plan> {
  const port = await freePort(options.port, "--port");
  const machinesPort =
    options.machinesUrl === undefined ? await freePort(options.machinesPort, "--machines-port") : null;
  if (port === machinesPort)
    throw new CliError(`port ${port} can not be both; --machines-port N chooses another one`);
  const places = placesIn(options.dir === undefined ? undefined : resolve(io.cwd, options.dir));
  makeFolders(places);
  const giveUp = await claim(places);
  const { secrets, made } = keepSecrets(places);
  if (made) await steps.say(`made an API token and an encryption key in ${relative(io.cwd, places.secrets)}`);
  const local = {
    url: `http://${HOST}:${port}`,
    token: secrets.MAYFLY_TOKEN,
    machines_url: options.machinesUrl ?? `http://${HOST}:${machinesPort}`,
  };
  writeLocal(places, local);
  return { places, port, machinesPort, machinesToken: secrets.FLY_API_TOKEN, local, giveUp };
}

/** The story. Ends by being raced against a signal or a failure. */
async function up(
  options: StartOptions,
  io: Io,
  steps: Steps,
  plan: Plan,
  supervisor: Supervisor,
  signal: AbortSignal,
): Promise<void> {
  const { places, port, local } = plan;
  // One that is started here takes any number of calls.
  const rateLimits = plan.machinesPort === null && (await givenMachines(steps, plan, signal));
  const spec = workerSpec(places, port, { url: local.machines_url, rateLimits }, options.concurrencyLimit);
  const worker = new WorkerKeeper(spec, local.url, supervisor, io, signal);
  // The worker asks for machines only once there are runs, so neither waits for the other.
  await Promise.all([
    startMachines(options, steps, plan, supervisor, signal),
    startWorker(steps, plan, supervisor, worker),
  ]);
  if (signal.aborted) return;
  await steps.say("ready");
  await Promise.all([worker.keep(), present(options, io, steps, plan, signal)]);
}

/** A first job, then where everything is. */
async function present(
  options: StartOptions,
  io: Io,
  steps: Steps,
  { places, local }: Plan,
  signal: AbortSignal,
): Promise<void> {
  const client = new Client(local);
  if (options.demo)
    await showDemo(steps, io, client, signal).catch(async (error: unknown) => {
      // Whoever ended the start ended the first job's showing with it.
      if (!signal.aborted)
        await say(
          io,
          `the first job failed: ${error instanceof Error ? error.message : plain(String(error))}`,
        );
    });
  if (signal.aborted) return;
  const link = await client.signInLink().catch(() => null);
  if (signal.aborted) return;
  const signInUrl = link === null ? null : plain(link.url);
  const isElsewhere = !isFoundFrom(io, local);
  await write(io.stdout, welcome({ local, localFile: places.local, signInUrl, isElsewhere, cwd: io.cwd }));
}

/** Whether `mayfly` without options, here and with this environment, talks to this one. */
function isFoundFrom(io: Io, local: LocalMayfly): boolean {
  try {
    const found = connectionOf({}, io);
    return found.url === local.url && found.token === local.token;
  } catch {
    return false;
  }
}

/** Waits for a Machines API that somebody else has started. @returns whether it refuses calls above Fly's rate limits */
async function givenMachines(
  steps: Steps,
  { places, machinesToken, local }: Plan,
  signal: AbortSignal,
): Promise<boolean> {
  await steps.say(`using the Machines API on ${local.machines_url}`);
  const given = await isolationOnceUp(local.machines_url, signal, GIVEN_MACHINES_MAX_MS).catch(
    (cause: unknown) => {
      throw new CliError(
        `nothing answers at ${local.machines_url} (--machines-url); npm run machines starts a local Machines API`,
        { cause },
      );
    },
  );
  if (given !== null) await checkMachinesToken(local.machines_url, machinesToken, places.secrets);
  return given === null || given.rateLimits;
}

async function startMachines(
  options: StartOptions,
  steps: Steps,
  { places, machinesPort, machinesToken, local }: Plan,
  supervisor: Supervisor,
  signal: AbortSignal,
): Promise<void> {
  if (machinesPort === null) return;
  await steps.say(`starting the local Machines API on ${local.machines_url}`);
  supervisor.start(machinesSpec(places, machinesPort, machinesToken, options));
  const isolation = await isolationOnceUp(local.machines_url, signal);
  if (signal.aborted) return;
  await steps.say(isolationWords(isolation));
  await steps.say(IMAGES[options.images]);
}

/** What machines see, said at each start: it is not what they see on Fly. */
const IMAGES: Record<StartOptions["images"], string> = {
  host: "images: none are pulled, this computer's own programs and files stand in (--images real uses real ones)",
  real: "images: real ones, added with mayfly images add, of docker or podman, or pulled",
};

/** For one that was started at the same moment. */
const GIVEN_MACHINES_MAX_MS = 5_000;

function machinesSpec(
  places: Places,
  port: number,
  machinesToken: string,
  { images, limits }: StartOptions,
): ProgramSpec {
  return {
    name: "the local Machines API",
    args: [
      ...[MACHINES_MAIN, "--host", HOST, "--port", String(port), "--images", images],
      ...(limits ? [] : ["--no-limits"]),
      // What is a secret here is none of a machine's business.
      ...["--state", places.machines, "--hide", places.dir],
    ],
    env: { MAYFLY_MACHINES_TOKEN: machinesToken },
    cwd: CHECKOUT,
    log: join(places.logs, "machines.log"),
  };
}

async function startWorker(
  steps: Steps,
  { places, local }: Plan,
  supervisor: Supervisor,
  worker: WorkerKeeper,
): Promise<void> {
  await applyMigrations(steps, places, supervisor);
  await steps.say(`starting the worker on ${local.url}`);
  await worker.start();
}

/** Applying takes seconds even where there is nothing to apply, so it is only done when the migrations changed. */
async function applyMigrations(steps: Steps, places: Places, supervisor: Supervisor): Promise<void> {
  const migrations = new AppliedMigrations(places);
  if (migrations.isComplete()) return;
  await steps.say("applying the database's migrations");
  await supervisor.finish(migrationsSpec(places));
  migrations.markComplete();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Which Machines API the promises are held against, and what they may do there. */

import { type MachinesServerOptions, startMachinesServer } from "../../../src/fly-local/server.ts";

export interface Target {
  readonly name: string;
  /** More of it, for the line that says what was tested. */
  readonly detail: string;
  /** Everything up to and with "/v1". */
  readonly url: string;
  readonly token: string;
  /** One that is there. */
  readonly app: string;
  /** Whether it costs money, is far away and counts calls. */
  readonly isReal: boolean;
  /** Where apps may be made and machines of all apps be listed; null: nowhere. */
  readonly organization: string | null;
  /** For Machines and volumes; "" leaves the choice to the API. */
  readonly region: string;
  /** Of Machines: small, public, with a shell. */
  readonly image: string;
  /** Whether a Machine has a disk of its own, so that files can be put there and volumes be mounted. */
  readonly hasDisks: boolean;
  /** Whether the kernel gives a Machine no more memory than its size says. */
  readonly holdsToSize: boolean;
  /** How long a Machine may take to reach a state that nothing keeps it from. */
  readonly patienceMs: number;
  /** Of one promise. */
  readonly timeoutMs: number;
  close(): Promise<void>;
}

const IMAGE = "busybox:1.37";

/** A server of our own, whose apps have to be made first, as on Fly. */
export async function localTarget(
  options: Pick<MachinesServerOptions, "stateDir" | "clock" | "isolation">,
): Promise<Target> {
  const server = await startMachinesServer({
    ...options,
    port: 0,
    images: "host",
    strictApps: true,
    restartDelayMs: 5,
  });
  const token = "local-contract";
  const app = "contract";
  const made = await fetch(`${server.url}/v1/apps`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ app_name: app, org_slug: "personal" }),
  });
  if (made.status !== 201) throw new Error(`POST /v1/apps of the local server answered ${made.status}`);
  return {
    name: "the local server",
    detail: server.isolation,
    url: `${server.url}/v1`,
    token,
    app,
    isReal: false,
    organization: "personal",
    region: "local",
    image: IMAGE,
    hasDisks: server.isolation.startsWith("sandbox"),
    holdsToSize: server.isolation.includes("by cgroup"),
    patienceMs: 15_000,
    timeoutMs: 30_000,
    close: () => server.close(),
  };
}

/** What the environment has to name before anything is asked of Fly. */
const NEEDED = ["FLY_API_TOKEN", "FLY_CONTRACT_APP"];

/** What is missing for {@link flyTarget}, or nothing. */
export function missingForFly(env: Record<string, string | undefined>): string[] {
  return NEEDED.filter((name) => !env[name]);
}

/** Fly itself, or null where the environment does not name a token and an app. */
export function flyTarget(env: Record<string, string | undefined>): Target | null {
  if (missingForFly(env).length > 0) return null;
  const base = (env.FLY_API_BASE_URL || "https://api.machines.dev").replace(/\/+$/, "");
  const region = env.DEFAULT_REGION ?? "";
  return {
    name: "Fly",
    detail: `${base}, app ${env.FLY_CONTRACT_APP}`,
    url: `${base}/v1`,
    token: env.FLY_API_TOKEN ?? "",
    app: env.FLY_CONTRACT_APP ?? "",
    isReal: true,
    organization: env.FLY_CONTRACT_ORG || null,
    region,
    image: IMAGE,
    hasDisks: true,
    holdsToSize: true,
    patienceMs: 120_000,
    timeoutMs: 300_000,
    close: async () => {},
  };
}

/** How to hold the promises against Fly. */
export const HOW_TO_ASK_FLY =
  "FLY_API_TOKEN=… FLY_CONTRACT_APP=<an app of its own> npm run test:fly (FLY_CONTRACT_ORG=<slug> lets it make an app, too)";

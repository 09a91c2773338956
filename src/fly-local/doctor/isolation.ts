/** What keeps machines apart on this computer, found by making one and trying each part of it. */

import type { Isolation } from "../machines/machine.ts";
import { failureOf } from "../processes/init/init.ts";
import { NAMESPACE, unshare } from "../processes/init/operations.ts";
import { installInit } from "../processes/init/program.ts";
import { zygoteOf } from "../processes/init/zygote.ts";
import { chooseLimiter } from "../processes/limits/choose-limiter.ts";
import { enforcementText } from "../processes/limits/limiter.ts";
import { withoutNetwork } from "../processes/network.ts";
import { failureWith, probeSandbox, type SandboxPlan } from "../processes/sandbox/sandbox-probe.ts";
import type { Finding } from "./finding.ts";

export interface IsolationFindings {
  readonly level: Isolation | null;
  readonly findings: readonly Finding[];
}

/** @param directory where what a sandbox needs may be written */
export async function lookAtIsolation(directory: string): Promise<IsolationFindings> {
  if (process.platform === "win32") {
    const text = "machines need the processes and signals of Linux or macOS; WSL 2 is a Linux";
    return { level: null, findings: [{ name: "machines", state: "bad", text }] };
  }
  const probe = await probeSandbox(directory, [directory]);
  const user: Finding = await lookAtUserNamespaces(directory);
  if (probe.kind === "unable") {
    const text = `not here: ${probe.reason}; machines are plain processes without limits`;
    return { level: "process", findings: [{ name: "sandboxes", state: "lesser", text }, user] };
  }
  const { plan } = probe;
  const who = process.getuid?.() === 0 ? "as root" : "as an ordinary user";
  try {
    return {
      level: "sandbox",
      findings: [
        {
          name: "sandboxes",
          state: "good",
          text: `own namespaces and a private layer over the files, ${who}`,
        },
        await lookAtLimits(plan),
        lookAtStorage(plan),
        await lookAtNetwork(plan),
        user,
      ],
    };
  } finally {
    await Promise.all([plan.disks?.close(), plan.zygote.close()]);
  }
}

async function lookAtLimits(plan: SandboxPlan): Promise<Finding> {
  const { limiter, lack } = await chooseLimiter(plan);
  const text = enforcementText(limiter.enforcement);
  const missing = (["memory", "cpus", "pids"] as const).filter(
    (kind) => !limiter.enforcement.kinds.includes(kind),
  );
  return missing.length === 0
    ? { name: "limits", state: "good", text }
    : { name: "limits", state: "lesser", text: lack === null ? text : `${text} alone: ${lack}` };
}

function lookAtStorage({ disks }: SandboxPlan): Finding {
  return disks === null
    ? {
        name: "files",
        state: "lesser",
        text: "what machines write is kept in memory, as no overlay on this disk is possible here",
      }
    : { name: "files", state: "good", text: "what machines write is kept on the disk until they end" };
}

async function lookAtNetwork(plan: SandboxPlan): Promise<Finding> {
  const failure = await failureWith(plan.disks, plan.zygote, [...plan.tried, ...withoutNetwork()]);
  return failure === null
    ? { name: "network none", state: "good", text: "machines can be without a network" }
    : { name: "network none", state: "lesser", text: `not here: ${failure}` };
}

async function lookAtUserNamespaces(directory: string): Promise<Finding> {
  const name = "user namespaces";
  if (process.platform !== "linux")
    return { name, state: "lesser", text: `${process.platform} has none, so there are no sandboxes` };
  const zygote = zygoteOf(installInit(directory), directory);
  const failure = await failureOf(zygote, [unshare(NAMESPACE.user)]);
  await zygote.close();
  return failure === null
    ? { name, state: "good", text: "yes, so an ordinary user can have sandboxes, too" }
    : { name, state: "lesser", text: `not here: ${failure}; only root can have sandboxes` };
}

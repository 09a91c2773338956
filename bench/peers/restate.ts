/** Restate: its server, and a service that runs commands as its children inside `ctx.run`, whose result goes into Restate's log. */

import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../test/support/free-port.ts";
import { eventually, type Spawned } from "../../test/support/processes.ts";
import type { Command, Engine, Outcome } from "./engine.ts";
import { fileIn, load, versionOf } from "./packages.ts";
import { killAlone, killGroups, startPrograms } from "./programs.ts";
import type { ShellResult } from "./run-shell.ts";

const SERVICE = join(import.meta.dirname, "restate-service.ts");
/** What it answers who asks for the output of an invocation: there is none yet, it knows no such invocation, its log is not up yet. */
const NO_OUTPUT = [470, 404, 503];

interface Clients {
  connect(options: { url: string }): {
    serviceClient(service: { name: string }): {
      run(command: Command, options: unknown): Promise<ShellResult>;
    };
    serviceSendClient(service: { name: string }): {
      run(command: Command, options: unknown): Promise<{ invocationId: string }>;
    };
  };
  rpc: { opts(options: object): unknown; sendOpts(options: object): unknown };
}

/** @throws Error where its server has no build for this platform */
export async function startRestate(): Promise<Engine> {
  const platform = `${process.platform}-${process.arch}`;
  const program = fileIn(`@restatedev/restate-server-${platform}/bin/restate-server`);
  const { connect, rpc } = load<Clients>("@restatedev/restate-sdk-clients");
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-restate-"));
  const programs = startPrograms(folder);
  const ports = {
    ingress: await freePort(),
    admin: await freePort(),
    node: await freePort(),
    service: await freePort(),
  };
  const at = (port: keyof typeof ports) => `127.0.0.1:${ports[port]}`;
  const environment = {
    RESTATE_INGRESS__BIND_ADDRESS: at("ingress"),
    RESTATE_ADMIN__BIND_ADDRESS: at("admin"),
    RESTATE_BIND_ADDRESS: at("node"),
    RESTATE_ADVERTISED_ADDRESS: `http://${at("node")}`,
    RESTATE_LISTEN_MODE: "tcp",
    RESTATE_NODE_NAME: "bench",
    RESTATE_DISABLE_TELEMETRY: "true",
    RESTATE_LOG_FILTER: "warn",
  };
  const url = `http://${at("ingress")}`;
  const ingress = connect({ url });
  const service = { name: "jobs" };
  let running: { server: Spawned; service: Spawned };

  const start = async () => {
    const serving = programs.start(`service-${Date.now()}`, [process.execPath, SERVICE, `${ports.service}`], {
      NODE_ENV: "production",
      RESTATE_LOGGING: "ERROR",
    });
    const argv = [program, "--no-logo", "--base-dir", join(folder, "data")];
    running = { server: programs.start("server", argv, environment), service: serving };
    await eventually("the Restate service's start", async () => serving.log().includes("ready"));
    await eventually("Restate's ingress", async () => (await fetch(`${url}/restate/health`)).ok, 60_000);
  };
  const register = async () => {
    const body = JSON.stringify({ uri: `http://${at("service")}` });
    const headers = { "content-type": "application/json" };
    await eventually(
      "the service's registration with Restate",
      async () => (await fetch(`http://${at("admin")}/deployments`, { method: "POST", headers, body })).ok,
    );
  };

  await start();
  await register();
  return {
    name: "Restate",
    settings:
      `Restate ${versionOf("@restatedev/restate-server")} on one node with its defaults (its log is synced to the disk before ` +
      `it answers; retries after 0.5 s, twice that each time), SDK ${versionOf("@restatedev/restate-sdk")}; an idempotency ` +
      "key with each call, so that results are kept",
    deaths: [
      { of: "server and service", kill: () => killAlone(running.server, running.service) },
      {
        of: "both, and the service's children",
        kill: () => killGroups(running.server, running.service),
      },
    ],
    run: async (command) =>
      outcomeOf(
        await ingress.serviceClient(service).run(command, rpc.opts({ idempotencyKey: randomUUID() })),
      ),
    submit: async (command) => {
      const options = rpc.sendOpts({ idempotencyKey: randomUUID() });
      return (await ingress.serviceSendClient(service).run(command, options)).invocationId;
    },
    outcome: async (id) => {
      const response = await fetch(`${url}/restate/invocation/${id}/output`);
      const text = await response.text();
      if (response.ok) return outcomeOf(JSON.parse(text) as ShellResult);
      if (NO_OUTPUT.includes(response.status)) return null;
      return { ran: false, stdout: "", exitCode: null, reason: `${response.status} ${text}` };
    },
    startAgain: start,
    close: async () => {
      await programs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function outcomeOf({ stdout, exitCode }: ShellResult): Outcome {
  return { ran: true, stdout, exitCode, reason: null };
}

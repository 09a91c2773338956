import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { FlyClient } from "../../src/fly/client.ts";
import { FlyError } from "../../src/fly/error.ts";
import { flyMachines } from "../../src/fly/machines.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Answer = (request: IncomingMessage & { body: string }, response: ServerResponse) => void;

/** A server that answers as told, and what it was asked. */
async function answering(answer: Answer) {
  const asked: { method: string; url: string; body: string; authorization: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    asked.push({
      method: request.method ?? "",
      url: request.url ?? "",
      body,
      authorization: request.headers.authorization ?? "",
    });
    answer(Object.assign(request, { body }), response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new FlyClient({ baseUrl: `${baseUrl}/`, app: "runs", token: "secret-token" });
  return { asked, client, machines: flyMachines(client, async () => "these-tests") };
}

const json =
  (status: number, body: unknown): Answer =>
  (_request, response) => {
    response
      .writeHead(status, { "content-type": "application/json", "fly-request-id": "01J-ams" })
      .end(JSON.stringify(body));
  };

const machine = {
  id: "1857156b526dd8",
  name: "mayfly-x-1",
  state: "started",
  region: "ams",
  config: { image: "x" },
  events: [],
};

describe("an error of the Machines API", () => {
  it("names method, URL, status, Fly's words, its request id and what to do, and never the token", async () => {
    const { client } = await answering(json(401, { error: "Authenticate: token validation error" }));
    const error = await client.getMachine("m1").catch((caught: unknown) => caught as FlyError);
    expect(error).toBeInstanceOf(FlyError);
    const { message } = error as FlyError;
    for (const part of [
      "GET",
      "/v1/apps/runs/machines/m1",
      "401",
      "token validation error",
      "01J-ams",
      "FLY_API_TOKEN",
    ])
      expect(message).toContain(part);
    expect(message).not.toContain("secret-token");
  });

  it("quotes a gateway's plain text", async () => {
    const { client } = await answering((_request, response) =>
      response.writeHead(504).end("upstream request timeout"),
    );
    await expect(client.getMachine("m1")).rejects.toMatchObject({
      status: 504,
      reply: "upstream request timeout",
      safeToRepeat: true,
    });
  });

  it("says whether a repeat is safe", async () => {
    const { client } = await answering(json(502, {}));
    await expect(client.createMachine({ config: { image: "x" } })).rejects.toMatchObject({
      safeToRepeat: false,
    });
    const limited = await answering(json(429, { error: "rate limit exceeded" }));
    await expect(limited.client.createMachine({ config: { image: "x" } })).rejects.toMatchObject({
      safeToRepeat: true,
    });
  });

  it("tells a lost answer from a wrong one", async () => {
    const lost = await answering((_request, response) => response.destroy());
    await expect(lost.client.getMachine("m1")).rejects.toMatchObject({ kind: "unanswered", status: null });
    const wrong = await answering(json(200, { id: 7 }));
    await expect(wrong.client.getMachine("m1")).rejects.toMatchObject({ kind: "unreadable" });
  });
});

describe("machines of an app", () => {
  it("are asked for with the run's name and destroy themselves", async () => {
    const { asked, machines } = await answering(json(200, machine));
    const config = {
      image: "debian:12",
      guest: { cpuKind: "shared" as const, cpus: 1, memoryMb: 256 },
      region: "ams,fra",
      env: { A: "1" },
      exec: ["echo", "hi"],
      stop: { signal: "SIGTERM", timeoutMs: 10_000 },
      metadata: { mayfly_run: "run_x" },
    };
    const result = await machines.create("mayfly-x-1", config, [{ path: "/a", base64: "YQ==", mode: 0o755 }]);
    expect(result).toMatchObject({
      kind: "created",
      machine: { id: machine.id, region: "ams", state: "started" },
    });
    expect(asked[0]).toMatchObject({
      method: "POST",
      url: "/v1/apps/runs/machines",
      authorization: "Bearer secret-token",
    });
    expect(JSON.parse(asked[0]?.body ?? "")).toMatchObject({
      name: "mayfly-x-1",
      region: "ams,fra",
      config: {
        auto_destroy: true,
        restart: { policy: "no" },
        init: { exec: ["echo", "hi"] },
        files: [{ guest_path: "/a", raw_value: "YQ==", mode: 0o755 }],
        stop_config: { signal: "SIGTERM", timeout: "10s" },
        metadata: { mayfly_run: "run_x" },
      },
    });
  });

  it("that have a time of their own are made without being started, and started by a call", async () => {
    const { asked, machines } = await answering(json(200, machine));
    const config = {
      image: "debian:12",
      guest: { cpuKind: "shared" as const, cpus: 1, memoryMb: 256 },
      region: null,
      env: {},
      exec: null,
      stop: { signal: "SIGTERM", timeoutMs: 10_000 },
      metadata: {},
    };
    await machines.create("mayfly-x-1", { ...config, startsAt: 1_795_255_200_000 }, []);
    await machines.create("mayfly-x-2", config, []);
    expect(asked.map(({ body }) => JSON.parse(body).skip_launch)).toEqual([true, undefined]);
    expect(await machines.start("m1")).toEqual({ kind: "done" });
    expect(asked[2]).toMatchObject({ method: "POST", url: "/v1/apps/runs/machines/m1/start" });
  });

  it.each([
    [404, "not_found: machine not found", "gone"],
    [412, "failed_precondition: unable to start machine from current state: 'created'", "not_now"],
    [412, "failed_precondition: machine still active, refusing to start", "not_now"],
    [429, "rate limit exceeded", "not_now"],
    [409, "aborted: could not reserve resource for machine: insufficient CPUs available", "no_capacity"],
    [412, "governor policy blocked start", "no_capacity"],
    [504, "upstream request timeout", "uncertain"],
    [408, "deadline_exceeded", "uncertain"],
  ])("a start that is answered %i %s is told as %s", async (status, error, kind) => {
    const { machines } = await answering(json(status, { error }));
    expect((await machines.start("m1")).kind).toBe(kind);
  });

  it("are never waited for longer than Fly allows", async () => {
    const { asked, machines } = await answering(json(200, { ok: true }));
    await machines.wait("m1", "started", 900_000);
    await machines.wait("m1", "started", 500);
    expect(asked.map(({ url }) => new URL(url, "http://x").searchParams.get("timeout"))).toEqual(["60", "1"]);
  });

  it.each([
    ["started", 408, "not_yet"],
    ["started", 404, "gone"],
    ["destroyed", 404, "reached"],
    ["destroyed", 408, "not_yet"],
    ["started", 500, "failed"],
  ] as const)("waited for %s and answered %i are %s", async (state, status, kind) => {
    const { machines } = await answering(
      json(status, { error: "deadline_exceeded: machine failed to reach desired state" }),
    );
    expect((await machines.wait("m1", state, 1000)).kind).toBe(kind);
  });

  it("have an exit code of 0 where the exit event leaves it out, and none where there is no exit event", async () => {
    const exited = {
      type: "exit",
      status: "stopped",
      source: "flyd",
      timestamp: 2,
      request: { exit_event: { guest_signal: -1, signal: -1, exited_at: "2026-11-21T10:00:00Z" } },
    };
    const withExit = await answering(json(200, { ...machine, state: "destroyed", events: [exited] }));
    expect(await withExit.machines.get("m1")).toMatchObject({
      machine: {
        events: [{ exit: { code: 0, signal: null, oomKilled: false, at: Date.UTC(2026, 10, 21, 10) } }],
      },
    });
    const without = await answering(
      json(200, { ...machine, state: "destroyed", events: [{ type: "destroy", timestamp: 3 }] }),
    );
    expect(await without.machines.get("m1")).toMatchObject({ machine: { events: [{ exit: null }] } });
  });

  it("are found by name, destroyed ones included", async () => {
    const { asked, machines } = await answering(json(200, [{ ...machine, name: "other" }, machine]));
    expect(await machines.find("mayfly-x-1", "run_x")).toMatchObject({
      kind: "found",
      machine: { name: "mayfly-x-1" },
    });
    expect(await machines.find("mayfly-y-1", "run_x")).toEqual({ kind: "absent" });
    const query = new URL(asked[0]?.url ?? "", "http://x").searchParams;
    expect(query.get("metadata.mayfly_run")).toBe("run_x");
    expect(query.get("include_deleted")).toBe("true");
  });

  it("that are not running say so to an exec", async () => {
    const { machines } = await answering(json(412, { error: "failed_precondition: machine not running" }));
    expect(await machines.exec("m1", ["true"], 5)).toEqual({ kind: "not_running" });
  });

  it("stop waiting when they are told to", async () => {
    const interrupt = new AbortController();
    const { machines } = await answering(() => interrupt.abort());
    expect((await machines.exec("m1", ["true"], 20, interrupt.signal)).kind).toBe("failed");
  });
});

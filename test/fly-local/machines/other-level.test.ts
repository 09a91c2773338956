import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { startMachinesServer } from "../../../src/fly-local/server.ts";
import { HandClock } from "../hand-clock.ts";
import { hasSandbox } from "../processes/levels.ts";
import { type Api, api, eventLines, LIVES, machines, stateDir } from "../support.ts";

const MAIN = new URL("../../../src/fly-local/main.ts", import.meta.url).pathname;
const HOUR = 3_600_000;

describe.runIf(hasSandbox)("a machine of a level that is not in force", () => {
  const state = stateDir();
  const folder = mkdtempSync("/tmp/fly-local-other-level-");
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "file");
  const files = [{ guest_path: path, raw_value: Buffer.from("the job's").toString("base64") }];
  const clock = new HandClock(Date.parse("2026-01-31T10:00:00Z"));

  async function during<T>(isolation: "sandbox" | "process", act: (fly: Api) => Promise<T>): Promise<T> {
    const options = { port: 0, images: "host", stateDir: state, clock, isolation } as const;
    const server = await startMachinesServer(options);
    try {
      return await act(api(server.url));
    } finally {
      await server.close();
    }
  }
  const post = (fly: Api, id: string, call = "", body?: object) =>
    fly.call("POST", `${machines}/${id}${call}`, body);

  it("is not started, restarted or updated, and none of its files is written or removed", async () => {
    const config = { auto_destroy: false, files };
    const { id, job } = await during("sandbox", async (fly) => {
      const stopped = await fly.create(LIVES, config, { skip_launch: true });
      await fly.wait(stopped.id, "stopped");
      // Of this one the next server learns that it was lost.
      const running = await fly.create(LIVES, config);
      await fly.wait(running.id, "started");
      return { id: stopped.id, job: running.id };
    });
    writeFileSync(path, "the computer's");
    await during("process", async (fly) => {
      expect(readFileSync(path, "utf8")).toBe("the computer's");
      const before = (await fly.get(id)).events;
      const refusal = {
        status: 412,
        body: {
          error:
            'failed_precondition: the machine was made at isolation level "sandbox" and this server runs machines at level "process": start the server with --isolation sandbox, or destroy the machine and create it anew',
        },
      };
      for (const call of ["/start", "/restart"]) expect(await post(fly, id, call)).toMatchObject(refusal);
      const update = { config: { image: "alpine", init: { exec: LIVES } } };
      expect(await post(fly, id, "", update)).toMatchObject(refusal);
      expect(await fly.get(id)).toMatchObject({ state: "stopped", isolation: "sandbox", events: before });
      for (const each of [id, job]) {
        expect((await fly.call("DELETE", `${machines}/${each}`)).status).toBe(200);
        await fly.wait(each, "destroyed");
      }
      expect(readFileSync(path, "utf8")).toBe("the computer's");
    });
  });

  it("that was killed with its server is cleaned up by none of another level", async () => {
    writeFileSync(path, "the computer's");
    const flags = [
      "--any-token",
      "--port",
      "0",
      "--state",
      state,
      "--isolation",
      "sandbox",
      "--images",
      "host",
    ];
    const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")).map(String);
    const killed = api(/http:\/\/\S+/.exec(line ?? "")?.[0] ?? "");
    const { id } = await killed.create(LIVES, { files });
    await killed.wait(id, "started");
    child.kill("SIGKILL");
    await once(child, "exit");
    await during("process", async (fly) => {
      expect((await fly.get(id)).state).toBe("destroyed");
    });
    expect(readFileSync(path, "utf8")).toBe("the computer's");
  });

  it("is not started by its schedule or as a standby either, and its events say why", async () => {
    const [scheduled, standby, watched] = await during("sandbox", async (fly) => {
      const make = async (config: object) => {
        const { id } = await fly.create(["true"], { auto_destroy: false, ...config }, { skip_launch: true });
        await fly.wait(id, "stopped");
        return id;
      };
      const due = await make({ schedule: "hourly" });
      await post(fly, due, "/start");
      await fly.wait(due, "stopped");
      const other = await make({});
      return [due, await make({ standbys: [other] }), other] as const;
    });
    await during("process", async (fly) => {
      clock.advance(HOUR);
      const fault = { kind: "machine_lost", machine: watched, gone_after_ms: 0 };
      expect((await fly.call("POST", "/_control/faults", fault)).status).toBe(204);
      await fly.wait(watched, "destroyed");
      for (const id of [scheduled, standby]) {
        const machine: WireMachine = await fly.get(id);
        expect(machine.state).toBe("stopped");
        expect(eventLines(machine.events).slice(0, 2)).toEqual(["launch/failed/flyd", "start/starting/flyd"]);
        expect(JSON.stringify(machine.events?.[0]?.request)).toContain("--isolation sandbox");
      }
    });
  });
});

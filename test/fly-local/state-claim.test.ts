import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startMachinesServer } from "../../src/fly-local/server.ts";
import { api, LIVES, stateDir } from "./support.ts";

const MAIN = new URL("../../src/fly-local/main.ts", import.meta.url).pathname;

/** A server as a program of its own. @returns what it says first, and how it ended where it did */
async function run(state: string) {
  const flags = [
    "--any-token",
    "--port",
    "0",
    "--state",
    state,
    "--isolation",
    "process",
    "--images",
    "host",
  ];
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  const said = await Promise.race([once(child.stdout, "data"), once(child.stderr, "data")]);
  return { child, said: String(said[0]) };
}

describe("a folder of state", () => {
  const start = (state: string) =>
    startMachinesServer({ port: 0, stateDir: state, isolation: "process", images: "host" });

  it("is one server's at a time: another one is refused, told who has it, and takes no machine for lost", async () => {
    const state = stateDir();
    const first = await start(state);
    const fly = api(first.url);
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");

    const words = `the state in ${state} is in use by another local Machines API (process ${process.pid}, ${first.url}): end that one, or choose another folder with --state`;
    await expect(start(state)).rejects.toThrow(words);
    const { child, said } = await run(state);
    expect(said).toBe(`the local Machines API cannot start: ${words}\n`);
    if (child.exitCode === null) await once(child, "exit");
    expect(child.exitCode).toBe(1);
    expect((await fly.get(id)).state).toBe("started");
    await first.close();
  });

  it("is free again when its server was killed, whatever that left and whoever has its number now", async () => {
    const state = stateDir();
    const { child } = await run(state);
    child.kill("SIGKILL");
    await once(child, "exit");
    // The number of a process that lives.
    writeFileSync(join(state, "holder.json"), JSON.stringify({ pid: process.pid, url: null }));
    await (await start(state)).close();
  });

  it("is waited for while its server is ending", async () => {
    const state = stateDir();
    const first = await start(state);
    const fly = api(first.url);
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    const ended = first.close();
    const second = await start(state);
    await ended;
    expect((await api(second.url).get(id)).state).toBe("destroyed");
    await second.close();
  });

  it("that several servers want at once gets one of them", async () => {
    const state = stateDir();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => start(state)));
    const won = outcomes.filter((outcome) => outcome.status === "fulfilled");
    expect(won).toHaveLength(1);
    await won[0]?.value.close();
  });

  it("is free again where its server could not start", async () => {
    const state = stateDir();
    const options = { port: 0, stateDir: state, images: "real", isolation: "process" } as const;
    await expect(startMachinesServer(options)).rejects.toThrow("--images host");
    await (await start(state)).close();
  });
});

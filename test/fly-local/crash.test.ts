import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { addTestImage, everyLevel } from "./processes/containers.ts";
import { type Api, api, eventLines, exitEvent, processesOf, processesWith, stateDir } from "./support.ts";

const MAIN = new URL("../../src/fly-local/main.ts", import.meta.url).pathname;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function run(...flags: string[]): Promise<{ child: ChildProcess; fly: Api; line: string }> {
  const child = spawn(process.execPath, [MAIN, "--any-token", "--port", "0", ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")).map(String);
  return { child, fly: api(/http:\/\/\S+/.exec(line ?? "")?.[0] ?? ""), line: line ?? "" };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exit = once(child, "exit");
  child.kill(signal);
  return (await exit)[0];
}

/** Looks again until it is so: the end of a process is announced to its parent alone. */
async function gone(id: string): Promise<number[]> {
  const deadline = Date.now() + 5_000;
  while (processesOf(id).length > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5));
  return processesOf(id);
}

describe.each(everyLevel)("a server at level %s", (isolation) => {
  const LEVEL = ["--isolation", isolation, "--images", isolation === "container" ? "real" : "host"];

  async function freshState(): Promise<string> {
    const state = stateDir();
    if (isolation === "container") await addTestImage(state);
    return state;
  }

  const TREE = ["sh", "-c", 'setsid sleep 81 & sleep 82 & touch "$HOME/ready"; exec sleep 83'];

  it("that is killed takes its machines along, and the next one reports them without an exit event", async () => {
    const state = await freshState();
    const first = await run("--state", state, ...LEVEL);
    expect(first.line).toMatch(
      new RegExp(`^local Machines API ready on http://127.0.0.1:\\d+ \\(${isolation}: .*\\)\n$`),
    );
    const job = await first.fly.create(TREE, {}, { name: "job" });
    const service = await first.fly.create(TREE, { auto_destroy: false });
    const done = await first.fly.create(["sh", "-c", "exit 4"]);
    await first.fly.exitOf(done.id);
    for (const { id } of [job, service]) {
      await first.fly.wait(id, "started");
      await first.fly.exec(id, [
        "sh",
        "-c",
        'until [ -e "$HOME/ready" ]; do sleep 0.01; done; setsid sleep 84 >/dev/null 2>&1 &',
      ]);
      // A process that is being replaced by another program has no environment for a moment.
      await expect.poll(() => processesOf(id).length).toBeGreaterThanOrEqual(4);
    }
    await end(first.child, "SIGKILL");
    expect(await gone(job.id)).toEqual([]);
    expect(await gone(service.id)).toEqual([]);

    const second = await run("--state", state, ...LEVEL);
    const lost = await second.fly.get(job.id);
    expect(lost.state).toBe("destroyed");
    expect(eventLines(lost.events)[0]).toBe("destroy/destroyed/flyd");
    expect(exitEvent(lost)).toBeNull();
    const stopped = await second.fly.get(service.id);
    expect(stopped.state).toBe("stopped");
    expect(exitEvent(stopped)).toBeNull();
    expect(exitEvent(await second.fly.get(done.id))).toMatchObject({ exit_code: 4 });
    await second.fly.create(["true"], {}, { name: "job" });
    expect(await end(second.child, "SIGTERM")).toBe(0);
  });

  it("that is asked to end kills its machines, marks them and is gone within two seconds", async () => {
    const state = await freshState();
    const first = await run("--state", state, ...LEVEL);
    const stubborn = await first.fly.create(["sh", "-c", 'trap "" TERM INT; sleep 85; sleep 86']);
    await first.fly.wait(stubborn.id, "started");
    const asked = Date.now();
    expect(await end(first.child, "SIGTERM")).toBe(0);
    expect(Date.now() - asked).toBeLessThan(2_000);
    expect(processesOf(stubborn.id)).toEqual([]);
    // What keeps a sandbox names the state directory.
    expect(processesWith("cmdline", state)).toEqual([]);
    const second = await run("--state", state, ...LEVEL);
    const lost = await second.fly.get(stubborn.id);
    expect(lost.state).toBe("destroyed");
    expect(exitEvent(lost)).toBeNull();
    await end(second.child, "SIGINT");
  });
});

describe("the command", () => {
  it("keeps rate limits where --rate-limits says so", async () => {
    const flags = ["--state", stateDir(), "--isolation", "process", "--images", "host", "--rate-limits"];
    const { child, fly } = await run(...flags);
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await fly.call("GET", "/v1/apps/test/machines")).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(await end(child, "SIGTERM")).toBe(0);
  });

  it("names the busy port and the flag in one line", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const child = spawn(process.execPath, [MAIN, "--port", String(port), "--state", stateDir()], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    const [code] = await once(child, "close");
    taken.close();
    expect(code).toBe(1);
    expect(said).toBe(
      `port ${port} of 127.0.0.1 is in use by another program: choose another one with --port\n`,
    );
  });

  it.each([["--isolation", "jail"], ["--port", "x"], ["--region", "A;B"], ["--region", ""], ["--nonsense"]])(
    "refuses %s %s and names where what is accepted stands",
    async (...flags) => {
      const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      child.stderr.on("data", (text) => {
        said += text;
      });
      expect((await once(child, "close"))[0]).toBe(1);
      expect(said).toContain("mayfly machines --help");
    },
  );
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { api, exitEvent, machines, stateDir } from "../support.ts";
import { hasImages } from "./busybox.ts";
import { busyboxLayer, image, layer, sha256 } from "./layers.ts";
import { registry } from "./registry.ts";

const MAIN = new URL("../../../src/fly-local/main.ts", import.meta.url).pathname;

async function run(state: string) {
  const child = spawn(process.execPath, [MAIN, "--any-token", "--port", "0", "--state", state], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PATH: "/nonexistent" },
  });
  const [line] = (await once(child.stdout, "data")).map(String);
  return { child, fly: api(/http:\/\/\S+/.exec(line ?? "")?.[0] ?? "") };
}

it.runIf(hasImages)(
  "a server that is killed in the middle of a pull leaves no half image, and the next one pulls it whole",
  async () => {
    const server = await registry();
    const second = await layer([{ name: "second", text: "whole" }]);
    const built = image([await busyboxLayer(), second], { Cmd: ["sh", "-c", "test -e /second"] });
    server.push("tools/big", "1", built);
    const stalled = Promise.withResolvers<void>();
    server.intercept = (request, response) => {
      if (!request.url?.includes(sha256(second.blob))) return false;
      response.writeHead(200);
      response.write(second.blob.subarray(0, 10), () => stalled.resolve());
      return true;
    };
    const state = stateDir();
    const first = await run(state);
    const config = { image: `${server.host}/tools/big:1`, restart: { policy: "no" } };
    const { body } = await first.fly.call<{ id: string }>("POST", machines, { config });
    await stalled.promise;
    const exit = once(first.child, "exit");
    first.child.kill("SIGKILL");
    await exit;
    expect(readdirSync(join(state, "images/partial")).length).toBe(1);
    expect(readdirSync(join(state, "images/images"))).toEqual([]);
    server.intercept = () => false;
    const next = await run(state);
    expect(readdirSync(join(state, "images/partial"))).toEqual([]);
    expect((await next.fly.get(body.id)).state).toBe("stopped");
    const again = await next.fly.call<{ id: string }>("POST", machines, { config });
    await next.fly.wait(again.body.id, "stopped");
    expect(exitEvent(await next.fly.get(again.body.id))).toMatchObject({ guest_exit_code: 0 });
    const end = once(next.child, "exit");
    next.child.kill("SIGTERM");
    expect((await end)[0]).toBe(0);
  },
);

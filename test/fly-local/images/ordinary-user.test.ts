import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { api, LIVES, machines, stateDir } from "../support.ts";
import { hasImages } from "./busybox.ts";
import { busyboxLayer, image, layer } from "./layers.ts";
import { registry } from "./registry.ts";

const MAIN = new URL("../../../src/fly-local/main.ts", import.meta.url).pathname;
const NOBODY = 65_534;
const asNobody = { uid: NOBODY, gid: NOBODY };
/** Root can become the ordinary user that most people start the server as; everybody else is one. */
const isRoot = process.getuid?.() === 0;
const isPossible =
  hasImages &&
  (!isRoot ||
    spawnSync(process.execPath, ["-e", `require("node:fs").accessSync("${MAIN}")`], asNobody).status === 0);

describe.runIf(isPossible)("a server of an ordinary user", async () => {
  const server = await registry();
  const base = await busyboxLayer([
    { name: "closed/", mode: 0o500 },
    { name: "closed/file", text: "f", mode: 0o400 },
  ]);
  server.push(
    "tools/box",
    "1",
    image([base, await layer([{ name: "closed/.wh.file" }, { name: "closed/new", text: "new" }])], {
      User: "app",
      Env: ["PATH=/bin"],
    }),
  );
  const state = stateDir();
  if (isRoot) chownSync(state, NOBODY, NOBODY);
  const child = spawn(process.execPath, [MAIN, "--any-token", "--port", "0", "--state", state], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: "/nonexistent", HOME: state },
    ...(isRoot && asNobody),
  });
  afterAll(async () => {
    child.kill();
    await once(child, "exit");
  });
  const [line] = (await once(child.stdout, "data")).map(String);
  const fly = api(/http:\/\/\S+/.exec(line ?? "")?.[0] ?? "");
  const config = { image: `${server.host}/tools/box:1` };

  it("runs images as well; who they say they are is root there, as there is nobody else", async () => {
    const { id } = await fly.create(LIVES, config);
    await fly.wait(id, "started");
    const { body } = await fly.exec(id, [
      "sh",
      "-c",
      "id -u; ls /closed; touch /bin/mine && echo written; cat /etc/hosts | wc -l",
    ]);
    expect(body.stdout).toBe("0\nnew\nwritten\n3\n");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
  });

  it("refuses a process the user that it names, as there is nobody else", async () => {
    await expect(fly.create([], { ...config, processes: [{ exec: LIVES, user: "app" }] })).rejects.toThrow(
      "config.processes: user is refused: the server runs as an ordinary user",
    );
    const { id } = await fly.create([], { ...config, processes: [{ exec: LIVES }, { exec: ["true"] }] });
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
  });

  it("gives each machine the image as it was", async () => {
    const script = ["sh", "-c", "test ! -e /bin/mine && touch /bin/mine"];
    for (const _ of [1, 2])
      expect(await fly.exitOf((await fly.create(script, config)).id)).toMatchObject({ guest_exit_code: 0 });
  });
});

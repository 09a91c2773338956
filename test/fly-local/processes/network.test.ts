import { describe, expect, it } from "vitest";
import { startMachinesServer } from "../../../src/fly-local/server.ts";
import { type Api, LIVES, machines, serve, stateDir } from "../support.ts";
import { levels } from "./levels.ts";
import { nodeInside } from "./node-inside.ts";

const NODE = nodeInside();

const isPossible = levels.includes("sandbox");
/** Names the interfaces that there are, and whether the server of this test can be reached. */
const LOOK = 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " " | sort | tr "\\n" " "; ls /sys/class/net';

async function look(fly: Api, config: object): Promise<string | null | undefined> {
  const { id } = await fly.create(LIVES, config);
  await fly.wait(id, "started");
  const { body } = await fly.exec(id, ["sh", "-c", LOOK]);
  await fly.call("DELETE", `${machines}/${id}?force=true`);
  return body.stdout;
}

/** Talks to itself over the loopback. */
const LOOPBACK = `
  import { connect, createServer } from "node:net";
  const server = createServer((socket) => socket.end("heard")).listen(0, "127.0.0.1", () =>
    connect(server.address().port, "127.0.0.1").on("data", (bytes) => process.exit(String(bytes) === "heard" ? 0 : 1)),
  );`;

describe.skipIf(!isPossible)("a machine without a network", async () => {
  it("has its own loopback alone, where the server is told so", async () => {
    const fly = await serve({ isolation: "sandbox", network: "none" });
    expect(await look(fly, {})).toBe("lo ");
    const { id } = await fly.create([NODE, "--input-type=module", "-e", LOOPBACK]);
    expect(await fly.exitOf(id)).toMatchObject({ guest_exit_code: 0, guest_signal: -1 });
  });

  it("is one that asks for it in its metadata, and its neighbours have the computer's", async () => {
    const fly = await serve({ isolation: "sandbox" });
    const cutOff = { metadata: { mayfly_network: "none" } };
    expect(await look(fly, cutOff)).toBe("lo ");
    expect(await look(fly, {})).not.toBe("lo ");
    const { port } = new URL(fly.url);
    const connects = [
      NODE,
      "-e",
      `require("node:net").connect(${port}, "127.0.0.1").on("connect", () => process.exit(0)).on("error", () => process.exit(7))`,
    ];
    expect(await fly.exitOf((await fly.create(connects, cutOff)).id)).toMatchObject({ exit_code: 7 });
    expect(await fly.exitOf((await fly.create(connects)).id)).toMatchObject({ guest_exit_code: 0 });
  });
});

describe("a network that can not be given", () => {
  it("is refused by its name", async () => {
    const fly = await serve({ isolation: "process" });
    const refused = (mayfly_network: string) => fly.create(["true"], { metadata: { mayfly_network } });
    await expect(refused("bridge")).rejects.toThrow(
      'create answered 400: config.metadata.mayfly_network: "bridge" is none of host, none',
    );
    await expect(refused("none")).rejects.toThrow('"none" needs isolation level "sandbox"');
    expect((await fly.call("GET", machines)).body).toEqual([]);
    const { id } = await fly.create(LIVES);
    const config = { image: "x", init: { exec: LIVES }, metadata: { mayfly_network: "none" } };
    expect((await fly.call("POST", `${machines}/${id}`, { config })).status).toBe(400);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("ends the start where it was asked for there", async () => {
    const started = startMachinesServer({
      port: 0,
      stateDir: stateDir(),
      isolation: "process",
      images: "host",
      network: "none",
    });
    await expect(started).rejects.toThrow("without a network machines must be sandboxes");
  });
});

import { afterEach, describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { eventLines, exitEvent, LIVES, machines, serve } from "../support.ts";
import { hasImages } from "./busybox.ts";
import { busyboxLayer, image, type LayerEntry, layer, sha256 } from "./layers.ts";
import { registry } from "./registry.ts";

const server = await registry();
const base = await busyboxLayer();

function push(name: string, config: object, more: LayerEntry[] = []) {
  return (async () => {
    const built = image(more.length === 0 ? [base] : [base, await layer(more)], config);
    server.push(name, "1", built);
    return built;
  })();
}

const box = await push("tools/box", { Labels: { vendor: "test" } });

describe.runIf(hasImages)("a machine with an image", async () => {
  const said: string[] = [];
  const fly = await serve({
    isolation: "sandbox",
    images: "real",
    imageSources: { engines: [], dockerConfig: "/nonexistent", say: (line) => said.push(line) },
  });
  const ref = (name: string) => `${server.host}/${name}:1`;
  let id = "";

  afterEach(async () => {
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
  });

  /** What a machine's main process writes, by way of a second command. */
  async function written(config: object): Promise<string> {
    ({ id } = await fly.create([], { auto_destroy: false, ...config }));
    await fly.wait(id, "started");
    const script = "until test -e /tmp/done; do sleep 0.01; done; cat /tmp/out";
    return (await fly.exec(id, ["sh", "-c", script])).body.stdout ?? "";
  }
  const TELLS = (what: string) => ["sh", "-c", `{ ${what}; } >/tmp/out 2>&1; touch /tmp/done; exec sleep 60`];

  it("sees the image's files and nothing of this computer's", async () => {
    const out = await written({ image: ref("tools/box"), init: { exec: TELLS("ls /; cat /etc/passwd") } });
    expect(out).toBe(
      "bin\ndev\netc\nhome\nproc\nroot\nrun\nsys\ntmp\nroot:x:0:0:root:/root:/bin/sh\napp:x:1234:2345:App:/home/app:/bin/sh\n",
    );
  });

  it("runs the image's entrypoint and cmd, each replaced by init's, and all of it by init.exec", async () => {
    await push("tools/command", { Entrypoint: ["/bin/say"], Cmd: ["image"] }, [
      {
        name: "bin/say",
        mode: 0o755,
        text: '#!/bin/sh\necho "$0 $*" >/tmp/out; touch /tmp/done; exec sleep 60\n',
      },
      { name: "bin/say2", mode: 0o755, text: '#!/bin/sh\nexec say "two $*"\n' },
    ]);
    const run = (init: object) => written({ image: ref("tools/command"), init });
    expect(await run({})).toBe("/bin/say image\n");
    expect(await run({ cmd: ["mine", "too"] })).toBe("/bin/say mine too\n");
    expect(await run({ entrypoint: ["/bin/say2"] })).toBe("/bin/say two image\n");
    expect(await run({ entrypoint: ["/bin/say2"], cmd: [] })).toBe("/bin/say two \n");
    expect(await run({ exec: TELLS("echo exec") })).toBe("exec\n");
  });

  it("of several processes runs the image's entrypoint and cmd where a process does not say its own, as its user", async () => {
    const say = '#!/bin/sh\necho "$* $(id -u) $HOME" >/tmp/$1; exec sleep 60\n';
    await push("tools/several", { Entrypoint: ["/bin/say"], Cmd: ["image"], User: "app" }, [
      { name: "bin/say", mode: 0o755, text: say },
    ]);
    const processes = [{}, { cmd: ["mine"] }, { cmd: ["roots"], user: "root" }];
    // What init says is of a machine's one command.
    const init = { exec: ["false"] };
    ({ id } = await fly.create([], { image: ref("tools/several"), auto_destroy: false, init, processes }));
    await fly.wait(id, "started");
    const script =
      "cd /tmp; until test -s image -a -s mine -a -s roots; do sleep 0.01; done; cat image mine roots";
    expect((await fly.exec(id, ["sh", "-c", script])).body.stdout).toBe(
      "image 1234 /home/app\nmine 1234 /home/app\nroots 0 /root\n",
    );
  });

  it("has the image's environment, below its own and Fly's, and HOME of the image's user", async () => {
    await push("tools/env", { Env: ["A=image", "B=image=x", "FLY_REGION=image", "PATH=/bin"], User: "app" });
    const config = { image: ref("tools/env"), env: { A: "mine" }, init: { exec: TELLS("env") } };
    const lines = (await written(config)).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining(["A=mine", "B=image=x", "FLY_REGION=local", "PATH=/bin", "HOME=/home/app"]),
    );
  });

  it.each([
    ["app", "uid=1234(app) gid=2345 /home/app"],
    ["app:staff", "uid=1234(app) gid=77(staff) /home/app"],
    ["1234", "uid=1234(app) gid=2345 /home/app"],
    ["4321", "uid=4321 gid=0(root) /"],
    ["4321:99", "uid=4321 gid=99 /"],
    ["", "uid=0(root) gid=0(root) /root"],
  ])("runs as the image's user \"%s\", found in the image's own files", async (user, expected) => {
    await push("tools/user", { User: user });
    const config = { image: ref("tools/user"), init: { exec: TELLS('echo "$(id) $HOME"') } };
    // Another config is another image, under the same name.
    const out = await written({
      ...config,
      image: `${config.image.replace(/:1$/, "")}@${await digestOf({ User: user })}`,
    });
    expect(out.replace(/ groups=\S+/, "")).toBe(`${expected}\n`);
  });

  async function digestOf(config: object): Promise<string> {
    return image([base], config).digest;
  }

  it("gives a user who is not root the devices and the /tmp that everybody has, and the usual umask", async () => {
    await push("tools/anybody", { User: "app" });
    const script =
      "umask; echo null >/dev/null && head -c 3 /dev/urandom | wc -c && touch /tmp/x /dev/shm/x && stat -c %a /tmp /tmp/x";
    expect(await written({ image: ref("tools/anybody"), init: { exec: TELLS(script) } })).toBe(
      "0022\n3\n1777\n644\n",
    );
  });

  it("starts in the image's working directory, which is made where it is not there", async () => {
    await push("tools/workdir", { WorkingDir: "/srv/deep", User: "app" });
    expect(
      await written({ image: ref("tools/workdir"), init: { exec: TELLS("pwd; stat -c %u:%a /srv/deep") } }),
    ).toBe("/srv/deep\n0:755\n");
  });

  it("an exec is root's, with the machine's environment", async () => {
    await push("tools/exec", { User: "app", Env: ["A=image"], Cmd: LIVES });
    ({ id } = await fly.create([], { image: ref("tools/exec"), init: {} }));
    await fly.wait(id, "started");
    expect((await fly.exec(id, ["sh", "-c", 'id -u; pwd; echo "$A"'])).body.stdout).toBe("0\n/\nimage\n");
  });

  it("gets files[] in it, also where the image has links, and names of hosts", async () => {
    await push("tools/files", {}, [
      { name: "var/", mode: 0o755 },
      { name: "var/link", type: "symlink", linkname: "/etc" },
      { name: "etc/resolv.conf", type: "symlink", linkname: "/run/none/resolv.conf" },
    ]);
    const files = [
      { guest_path: "/var/link/mine", raw_value: Buffer.from("mine\n").toString("base64"), mode: 0o600 },
    ];
    const script =
      "cat /etc/mine; stat -c %a /etc/mine; grep -c localhost /etc/hosts; test -s /etc/resolv.conf && echo resolv; hostname";
    expect(await written({ image: ref("tools/files"), files, init: { exec: TELLS(script) } })).toBe(
      `mine\n600\n2\nresolv\n${id}\n`,
    );
  });

  it("is as the image at each start, and no machine sees what another one wrote", async () => {
    const script = "test ! -e /bin/mine && touch /bin/mine && rm -r /home && ls /";
    for (const _ of [1, 2]) {
      ({ id } = await fly.create(["sh", "-c", script], { image: ref("tools/box"), auto_destroy: false }));
      for (const __ of [1, 2]) {
        await fly.wait(id, "stopped");
        expect(exitEvent(await fly.get(id))).not.toHaveProperty("exit_code");
        await fly.call("POST", `${machines}/${id}/start`);
      }
    }
  });

  it("names the image as it is: its digest and labels", async () => {
    ({ id } = await fly.create(["true"], { image: ref("tools/box") }));
    await fly.wait(id, "destroyed");
    expect((await fly.get(id)).image_ref).toEqual({
      registry: server.host,
      repository: "tools/box",
      tag: "1",
      digest: box.digest,
      labels: { vendor: "test" },
    });
  });

  it("is created while its image is on its way, refuses to start, and goes on by itself", async () => {
    await push("tools/slow", { Cmd: LIVES }, [{ name: "slow", text: "slow" }]);
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    server.intercept = (request, response) => {
      const digest = request.url?.split("/").at(-1) ?? "";
      if (!request.url?.includes("tools/slow/blobs") || digest === sha256(base.blob)) return false;
      const blob = server.blobs.get(digest);
      if (blob === undefined || blob[0] === 0x7b) return false;
      asked.resolve();
      void answer.promise.then(() => response.end(blob));
      return true;
    };
    ({ id } = await fly.create([], { image: ref("tools/slow"), init: {} }));
    await asked.promise;
    expect((await fly.get(id)).state).toBe("created");
    const start = await fly.call("POST", `${machines}/${id}/start`);
    expect([start.status, start.body.error]).toEqual([
      412,
      "failed_precondition: unable to start machine from current state: 'created'",
    ]);
    answer.resolve();
    expect((await fly.wait(id, "started")).status).toBe(200);
    server.intercept = () => false;
    expect(said.filter((line) => line.includes("tools/slow")).at(-1)).toMatch(/^pulled .* in .* unpacked$/);
  });

  it("has another image from an update on, and says so", async () => {
    const next = await push("tools/next", { Cmd: LIVES }, [{ name: "next", text: "next" }]);
    ({ id } = await fly.create(LIVES, { image: ref("tools/box"), auto_destroy: false }));
    await fly.wait(id, "started");
    const refused = await fly.call("POST", `${machines}/${id}`, { config: { image: ref("tools/none") } });
    expect([refused.status, refused.body.error]).toEqual([400, expect.stringContaining("MANIFEST_UNKNOWN")]);
    expect((await fly.get(id)).state).toBe("started");
    const update = await fly.call<WireMachine>("POST", `${machines}/${id}`, {
      config: { image: ref("tools/next") },
    });
    const { instance_id } = update.body;
    await fly.call("GET", `${machines}/${id}/wait?state=started&version=${instance_id}`);
    expect((await fly.exec(id, ["cat", "/next"])).body.stdout).toBe("next");
    expect((await fly.get(id)).image_ref).toMatchObject({ repository: "tools/next", digest: next.digest });
    const token = (await fly.call<string>("POST", "/v1/tokens/oidc", { machine_id: id, aud: "test" })).body;
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(claims.image_digest).toBe(next.digest);
  });

  it("that can not be started with its new version is left stopped, as is one that is updated while stopped", async () => {
    await push("tools/wordless", {}, [{ name: "wordless", text: "" }]);
    ({ id } = await fly.create(["true"], { image: ref("tools/box"), auto_destroy: false }));
    await fly.wait(id, "stopped");
    await fly.call("POST", `${machines}/${id}`, { config: { image: ref("tools/wordless") } });
    await fly.wait(id, "stopped");
    expect((await fly.get(id)).image_ref).toMatchObject({ repository: "tools/wordless", labels: null });
    await fly.call("POST", `${machines}/${id}/start`);
    expect((await fly.wait(id, "stopped")).status).toBe(200);
    const { events } = await fly.get(id);
    expect(eventLines(events)[0]).toBe("launch/failed/flyd");
    expect(events?.[0]?.request?.error).toContain("names no command");
  });

  it("has its app's secrets over the image's environment, its volume, and its size", async () => {
    await push("tools/around", { Env: ["A=image", "B=image", "C=image"] }, [
      { name: "data", type: "symlink", linkname: "/etc" },
      { name: "root/mine", text: "mine\n" },
    ]);
    const app = machines.replace(/\/machines$/, "");
    await fly.call("POST", `${app}/secrets`, { values: { B: "secret", C: "secret" } });
    const volume = (await fly.call<{ id: string }>("POST", `${app}/volumes`, { name: "data" })).body;
    const script =
      'echo "$A $B $C"; cat /root/mine; touch /data/volume/x; grep -c " /etc/volume " /proc/mounts';
    const out = await written({
      image: ref("tools/around"),
      env: { B: "mine" },
      mounts: [{ volume: volume.id, path: "/data/volume" }],
      init: { exec: TELLS(script) },
    });
    expect(out).toBe("image secret secret\nmine\n1\n");
    expect((await fly.get(id)) as { limits?: object | null }).toMatchObject({
      limits: { memory_mb: expect.any(Number) },
    });
    await fly.call("DELETE", `${app}/secrets/B`);
    await fly.call("DELETE", `${app}/secrets/C`);
  });

  it("that is left unlaunched has its image at hand all the same", async () => {
    const reply = await fly.call<WireMachine>("POST", machines, {
      config: { image: ref("tools/box"), init: { exec: LIVES } },
      skip_launch: true,
    });
    ({ id } = reply.body);
    expect((await fly.wait(id, "stopped")).status).toBe(200);
    await fly.call("POST", `${machines}/${id}/start`);
    expect((await fly.wait(id, "started")).status).toBe(200);
  });
});

describe.runIf(hasImages)("an image that can not be had", async () => {
  const fly = await serve({
    isolation: "sandbox",
    images: "real",
    imageSources: {
      engines: [],
      dockerConfig: "/nonexistent",
      say: () => {},
      bounds: { unpackedBytes: 1 << 20, entries: 1000 },
    },
  });
  const create = (reference: string, init: object = { exec: ["true"] }) =>
    fly.call<WireMachine & { error?: string }>("POST", machines, { config: { image: reference, init } });
  const none = async () => expect((await fly.call<unknown[]>("GET", machines)).body).toEqual([]);

  it.each([
    ["is in no registry", `${server.host}/tools/none:1`, "MANIFEST_UNKNOWN: manifest unknown"],
    ["has a registry that does not answer", "127.0.0.1:1/none:1", "127.0.0.1:1 can not be reached"],
  ])("since it %s is refused at once, and there is no machine", async (_what, reference, message) => {
    const { status, body } = await create(reference);
    expect(status).toBe(400);
    expect(body.error).toContain(`failed to get manifest ${reference}: `);
    expect(body.error).toContain(message);
    await none();
  });

  it.each([
    "",
    " ",
    "https://host/image",
    "../../etc/passwd",
    "Image",
    "a:b:c",
    "a@sha256:12",
    `a${"a".repeat(300)}`,
    "x\u0000y",
    "-rf",
  ])("since %j is no reference is refused at once", async (reference) => {
    expect((await create(reference)).status).toBe(400);
    await none();
  });

  it("since it is too large is found out at the launch, which fails, and the machine destroys itself without an exit", async () => {
    const { body } = await create(`${server.host}/tools/box:1`);
    expect(body.state).toBe("created");
    await fly.wait(body.id, "destroyed");
    const machine = await fly.get(body.id);
    expect(machine.state).toBe("destroyed");
    expect(eventLines(machine.events)).toEqual([
      "destroy/destroyed/flyd",
      "launch/failed/flyd",
      "launch/created/user",
    ]);
    expect(machine.events?.[1]?.request).toEqual({
      error: "layer 1 of 1: the image is larger than 1 MiB unpacked",
    });
    expect((await fly.wait(body.id, "started")).status).toBe(404);
    await none();
  });

  it.each([
    ["names no command", {}, "the image names no command"],
    [
      "names a user that it does not have",
      { Cmd: ["x"], User: "nobody" },
      `the image's user "nobody" is not in its /etc/passwd`,
    ],
    [
      "names a group that it does not have",
      { Cmd: ["x"], User: "0:none" },
      `the image's group "none" is not in its /etc/group`,
    ],
  ])("that %s fails its launch", async (_what, config, message) => {
    const small = image([await layer([{ name: "x", text: "" }])], config);
    server.push("tools/wrong", "1", small);
    const { body } = await create(`${server.host}/tools/wrong@${small.digest}`, {});
    await fly.wait(body.id, "destroyed");
    const failed = (await fly.get(body.id)).events?.find(({ status }) => status === "failed");
    expect(failed?.request?.error).toContain(message);
  });
});

it("a level without images is refused where images were not given up by option", async () => {
  await expect(serve({ isolation: "process", images: "real" })).rejects.toThrow(
    'machines at isolation level "process" have no images; --images host lets them see',
  );
});

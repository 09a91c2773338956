import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { HERE, image, indexOf, layer, sha256 } from "./layers.ts";
import { registry } from "./registry.ts";
import { NOTHING_LEFT, testImages } from "./support.ts";

const server = await registry();
const ref = (name: string) => `${server.host}/tools/${name}`;
const small = image([await layer([{ name: "etc/" }, { name: "etc/motd", text: "small" }])], {
  Cmd: ["/run"],
});
server.push("tools/small", "1", small);

describe("a pull from a registry", () => {
  it("gives the image's files and config, and is not done again for the same name", async () => {
    const { images, left } = testImages();
    const first = await images.prepare(ref("small:1"));
    expect(readFileSync(join(first?.root ?? "", "etc/motd"), "utf8")).toBe("small");
    expect(first).toMatchObject({ id: small.id, digest: small.digest, config: { cmd: ["/run"] } });
    const asked = server.asked.length;
    expect(await images.prepare(ref("small:1"))).toEqual(first);
    expect(await images.prepare(ref(`small@${small.digest}`))).toEqual(first);
    expect(server.asked.length).toBe(asked);
    // One image, and its name by tag and by digest.
    expect(left()).toEqual({ images: 1, references: 2, partial: 0 });
  });

  it("unpacks layers of gzip, of zstd and of neither, one on top of the other, and those without an end", async () => {
    const layers = await Promise.all([
      layer([
        { name: "a", text: "gzip" },
        { name: "b", text: "gzip" },
      ]),
      layer([{ name: "b", text: "zstd" }], zstdCompressSync),
      layer([{ name: "c", text: "plain" }], (tar) => tar),
      layer([]),
    ]);
    const last = layers[3];
    if (last !== undefined) {
      // As umoci writes them: without the two blocks of zeros.
      last.tar = (await layer([{ name: "d", text: "unended" }])).tar.subarray(0, 512 + 7);
      last.blob = gzipSync(last.tar);
    }
    server.push("tools/mixed", "1", image(layers));
    const { images } = testImages();
    const root = (await images.prepare(ref("mixed:1")))?.root ?? "";
    const texts = ["a", "b", "c", "d"].map((name) => readFileSync(join(root, name), "utf8"));
    expect(texts).toEqual(["gzip", "zstd", "plain", "unended"]);
  });

  it("takes an empty layer for what it is", async () => {
    server.push("tools/empty", "1", image([await layer([])]));
    const root = (await testImages().images.prepare(ref("empty:1")))?.root ?? "";
    expect(readdirSync(root)).toEqual(["tmp"]);
  });

  it("chooses the image of this computer's platform from an index", async () => {
    const other = image([await layer([{ name: "other", text: "" }])], {}, { architecture: "s390x" });
    server.push("tools/many", "other", other);
    const index = indexOf({ "linux/s390x": other, "unknown/unknown": other, [HERE]: small });
    server.pushManifest("tools/many", "1", index);
    server.blobs.set(small.id, small.config);
    server.pushManifest("tools/many", "small", small.manifest);
    const { images } = testImages();
    expect(await images.prepare(ref("many:1"))).toMatchObject({ id: small.id, digest: sha256(index) });
    server.pushManifest("tools/many", "2", indexOf({ "linux/s390x": other, "linux/arm/v7": other }));
    await expect(images.prepare(ref("many:2"))).rejects.toThrow(
      `the image is not made for ${HERE}; it is for linux/s390x, linux/arm/v7`,
    );
    await expect(images.prepare(ref("many:other"))).rejects.toThrow(
      "the image is for linux/s390x, and this computer runs",
    );
  });

  it("is one pull for all who want the image at the same time, also by another name", async () => {
    const shared = image([await layer([{ name: "shared", text: "once" }])]);
    server.push("tools/shared", "1", shared);
    server.push("tools/shared", "2", shared);
    const { images, left } = testImages();
    const before = server.asked.length;
    const names = ["shared:1", "shared:1", "shared:1", "shared:2"];
    const all = await Promise.all(names.map((name) => images.prepare(ref(name))));
    expect(new Set(all.map((each) => each?.root)).size).toBe(1);
    const blobs = server.asked
      .slice(before)
      .filter((line) => line.includes(sha256(shared.layers[0]?.blob ?? "")));
    expect(blobs.length).toBe(1);
    expect(left()).toEqual({ images: 1, references: 3, partial: 0 });
  });

  it("says how far it is, and how it ended", async () => {
    const { images, said } = testImages();
    await images.prepare(ref("small:1"));
    expect(said).toEqual([
      expect.stringMatching(
        /^pulling 127\.0\.0\.1:\d+\/tools\/small:1: 0\.0 MB of 0\.0 MB, 0 of 1 layers unpacked$/,
      ),
      expect.stringMatching(/^pulled 127\.0\.0\.1:\d+\/tools\/small:1 in \d+\.\d s, 0\.0 MB unpacked$/),
    ]);
  });
});

describe("who is let in", () => {
  const auth = { username: "ada", password: "pass:word" };
  const config = (dir: string) => {
    const path = join(dir, "config.json");
    const secret = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
    writeFileSync(path, JSON.stringify({ auths: { [server.host]: { auth: secret } } }));
    return path;
  };

  it.each(["basic", "bearer"] as const)(
    "a registry that wants %s authentication gets docker's password for it",
    async (kind) => {
      server.auth = { kind, ...auth };
      const { images, directory } = testImages({});
      await expect(images.prepare(ref("small:1"))).rejects.toThrow(/UNAUTHORIZED/);
      await images.close();
      const known = testImages({ dockerConfig: config(directory) });
      expect(await known.images.prepare(ref("small:1"))).toMatchObject({ id: small.id });
      server.auth = { kind: "none" };
    },
  );

  it("a token is asked for without a password where there is none, with the scope that the registry names", async () => {
    server.auth = { kind: "bearer", username: "", password: "" };
    const before = server.asked.length;
    await testImages().images.prepare(ref("small:1"));
    expect(server.asked[before]).toBe("GET /token?service=test&scope=repository%3Atools%2Fbox%3Apull");
    server.auth = { kind: "none" };
  });

  it("no password is sent to an address without TLS on another computer", async () => {
    server.intercept = (_request, response) => {
      response.setHeader("www-authenticate", 'Bearer realm="http://192.0.2.1/token"');
      response.writeHead(401).end();
      return true;
    };
    await expect(testImages().images.prepare(ref("small:1"))).rejects.toThrow("which is no https address");
    server.intercept = () => false;
  });
});

describe("a pull that fails leaves nothing behind:", () => {
  const failing = async (name: string, message: string | RegExp) => {
    const { images, left, said } = testImages();
    await expect(images.prepare(ref(name))).rejects.toThrow(message);
    expect(left()).toEqual(NOTHING_LEFT);
    return said;
  };

  it("an image that the registry does not have", async () => {
    await failing("none:1", `${server.host} answers 404 MANIFEST_UNKNOWN: manifest unknown`);
  });

  it("a registry that is not there", async () => {
    const { images } = testImages();
    await expect(images.prepare("127.0.0.1:1/tools/small:1")).rejects.toThrow(
      /^127\.0\.0\.1:1 can not be reached/,
    );
  });

  it("a manifest that is another one than its digest says", async () => {
    const wrong = `sha256:${"0".repeat(64)}`;
    server.intercept = (request, response) => {
      if (!request.url?.includes(wrong)) return false;
      response.end(small.manifest);
      return true;
    };
    await failing(
      `small@${wrong}`,
      `the manifest has the digest ${small.digest} and not ${wrong}, as it should`,
    );
    server.intercept = () => false;
  });

  it.each([
    ["a config", () => small.id, /the config has the digest/],
    ["a layer", () => sha256(small.layers[0]?.blob ?? ""), /has the digest sha256:[0-9a-f]+ and not/],
  ])("%s with other bytes of the same length", async (_what, digest, message) => {
    const right = server.blobs.get(digest()) ?? Buffer.alloc(0);
    const wrong = Buffer.from(right);
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
    server.blobs.set(digest(), wrong);
    await failing("small:1", message);
    server.blobs.set(digest(), right);
  });

  it("a layer that is longer or shorter than the manifest says, or whose connection breaks", async () => {
    const blob = small.layers[0]?.blob ?? Buffer.alloc(0);
    const digest = sha256(blob);
    server.blobs.set(digest, Buffer.concat([blob, Buffer.from("more")]));
    await failing("small:1", /is larger than the \d+ bytes that the manifest says/);
    server.blobs.set(digest, blob.subarray(0, 40));
    await failing("small:1", /ended \d+ bytes before its end/);
    server.blobs.set(digest, blob);
    server.intercept = (request, response) => {
      if (!request.url?.includes(digest)) return false;
      response.writeHead(200, { "content-length": blob.length });
      response.write(blob.subarray(0, 40), () => response.destroy());
      return true;
    };
    await failing("small:1", /could not be read/);
    server.intercept = () => false;
  });

  it("a layer of truncated gzip or zstd, with a digest that is right", async () => {
    for (const compress of [gzipSync, zstdCompressSync]) {
      const cut = await layer([{ name: "file", text: "x".repeat(5000) + Math.random() }], compress);
      cut.blob = cut.blob.subarray(0, cut.blob.length - 10);
      server.push("tools/cut", "1", image([cut]));
      await failing("cut:1", /layer 1 of 1: /);
    }
  });

  it("a layer whose tar is another one than the config says, or is none", async () => {
    const right = await layer([{ name: "file", text: "right" }]);
    const wrong = image([{ tar: (await layer([{ name: "file", text: "wrong" }])).tar, blob: right.blob }]);
    server.push("tools/wrong", "1", wrong);
    await failing("wrong:1", /layer 1 of 1 has the digest/);
    const noise = Buffer.alloc(2048, "noise");
    server.push("tools/noise", "1", image([{ tar: noise, blob: noise }]));
    await failing("noise:1", /layer 1 of 1: .*tar/);
  });

  it("a server that ends in the middle", async () => {
    const digest = sha256(small.layers[0]?.blob ?? "");
    const asked = Promise.withResolvers<void>();
    server.intercept = (request, response) => {
      if (!request.url?.includes(digest)) return false;
      response.writeHead(200);
      response.write("x", () => asked.resolve());
      return true;
    };
    const { images, left } = testImages();
    const pull = images.prepare(ref("small:1"));
    const failed = expect(pull).rejects.toThrow();
    await asked.promise;
    await images.close();
    await failed;
    expect(left()).toEqual(NOTHING_LEFT);
    server.intercept = () => false;
  });
});

it("what a killed process had begun is gone when the next one starts", async () => {
  const { directory, left } = testImages();
  const { spawn } = await import("node:child_process");
  const dead = spawn("true");
  await once(dead, "exit");
  writeFileSync(join(directory, "partial", `${dead.pid}-0123456789ab`), "half");
  writeFileSync(join(directory, "partial", `${process.ppid}-0123456789ab`), "another's");
  const { ImageStore } = await import("../../../src/fly-local/images/store.ts");
  new ImageStore(directory, { unpackedBytes: 1, entries: 1 });
  expect(readdirSync(join(directory, "partial"))).toEqual([`${process.ppid}-0123456789ab`]);
  expect(left().images).toBe(0);
});

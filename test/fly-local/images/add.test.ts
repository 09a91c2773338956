import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { addImages } from "../../../src/fly-local/images/add-images.ts";
import { parseReference } from "../../../src/fly-local/images/reference.ts";
import { removeImage } from "../../../src/fly-local/images/remove-image.ts";
import { LIVES, machines, serve, stateDir } from "../support.ts";
import { hasImages } from "./busybox.ts";
import {
  busyboxLayer,
  HERE,
  image,
  indexOf,
  type LayerEntry,
  layer,
  sha256,
  type TestImage,
  tarOf,
} from "./layers.ts";
import { NOTHING_LEFT, testImages } from "./support.ts";

const MAYFLY = join(import.meta.dirname, "../../../src/cli/mayfly.mjs");

/** Runs `mayfly images` on a state. */
function mayflyImages(
  state: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [verb = "", ...rest] = args;
  return new Promise((resolve) =>
    execFile(process.execPath, [MAYFLY, "images", verb, "--state", state, ...rest], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    ),
  );
}

const built = image([await layer([{ name: "etc/" }, { name: "etc/motd", text: "added" }])]);
const other = image([await layer([{ name: "other", text: "" }])], {}, { architecture: "s390x" });

function layoutEntries(index: object | Buffer, ...images: TestImage[]): LayerEntry[] {
  const blobs = images.flatMap(({ config, manifest, layers }) => [
    config,
    manifest,
    ...layers.map(({ blob }) => blob),
  ]);
  return [
    { name: "oci-layout", text: '{"imageLayoutVersion":"1.0.0"}' },
    { name: "index.json", text: Buffer.isBuffer(index) ? index : JSON.stringify(index) },
    ...blobs.map((blob): LayerEntry => ({ name: `blobs/${sha256(blob).replace(":", "/")}`, text: blob })),
  ];
}

function indexWith(annotations: object | null, of = built): object {
  const manifest = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: of.digest,
    size: of.manifest.length,
  };
  return { schemaVersion: 2, manifests: [{ ...manifest, ...(annotations && { annotations }) }] };
}

function written(entries: readonly LayerEntry[]): string {
  const directory = stateDir();
  for (const { name, text } of entries) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), text ?? "");
  }
  return directory;
}

async function tarFile(entries: readonly LayerEntry[], compress = (tar: Buffer) => tar): Promise<string> {
  const path = join(stateDir(), "image.tar");
  writeFileSync(path, compress(await tarOf(entries)));
  return path;
}

/** As docker did it before it wrote OCI layouts: a second layer that is the first one is a link to it. */
function dockerArchive(
  of: TestImage,
  tags: string[] | null = ["acme/saved:1", "saved:latest"],
): LayerEntry[] {
  const [first] = of.layers;
  return [
    { name: "config.json", text: of.config },
    { name: "aaaa/layer.tar", text: first?.tar ?? "" },
    ...of.layers
      .slice(1)
      .map((): LayerEntry => ({ name: "bbbb/layer.tar", type: "symlink", linkname: "../aaaa/layer.tar" })),
    {
      name: "manifest.json",
      text: JSON.stringify([
        {
          Config: "config.json",
          RepoTags: tags,
          Layers: of.layers.map((_, index) => `${index === 0 ? "aaaa" : "bbbb"}/layer.tar`),
        },
      ]),
    },
  ];
}

describe("an image in files:", () => {
  const signal = new AbortController().signal;
  const FULL = {
    "io.containerd.image.name": "docker.io/acme/laid:1",
    "org.opencontainers.image.ref.name": "1",
  };

  it.each([
    ["an OCI layout", async () => written(layoutEntries(indexWith(FULL), built)), ["acme/laid:1"]],
    ["a tar of one", () => tarFile(layoutEntries(indexWith(FULL), built)), ["acme/laid:1"]],
    [
      "a compressed tar of one",
      () => tarFile(layoutEntries(indexWith(FULL), built), gzipSync),
      ["acme/laid:1"],
    ],
    ["a docker archive", () => tarFile(dockerArchive(built)), ["acme/saved:1", "library/saved:latest"]],
  ])("%s is taken in by its own names, and goes with the last of them", async (_what, make, names) => {
    const { store, left } = testImages();
    const full = names.map((name) => `registry-1.docker.io/${name}`);
    const size = ((built.layers[0]?.tar.length ?? 0) / 1e6).toFixed(1);
    expect(await addImages(store, await make(), null, signal)).toEqual([
      `added ${full.join(", ")} (${built.id.slice(0, 19)}, ${size} MB)`,
    ]);
    expect(left()).toMatchObject({ images: 1, partial: 0 });
    for (const name of names) {
      const reference = parseReference(name);
      expect(readFileSync(join(store.find(reference)?.root ?? "", "etc/motd"), "utf8")).toBe("added");
      expect(await removeImage(store, reference, stateDir())).toBe(`removed ${reference.name}`);
      await expect(removeImage(store, reference, stateDir())).rejects.toThrow(
        `there is no image ${reference.name}; mayfly images list shows what there is`,
      );
    }
    expect(left()).toEqual(NOTHING_LEFT);
  });

  it("--as names it, of an index that which is for this computer", async () => {
    const { store } = testImages();
    const path = written(layoutEntries(indexOf({ "linux/s390x": other, [HERE]: built }), other, built));
    expect(await addImages(store, path, "mine:2", signal)).toEqual([
      expect.stringContaining(`added registry-1.docker.io/library/mine:2 (${built.id.slice(0, 19)}`),
    ]);
  });

  it.each([
    ["nothing is there", async () => "/nonexistent", /there is nothing at \/nonexistent/],
    [
      "it holds no image",
      async () => written([{ name: "file", text: "" }]),
      /is neither an OCI layout nor a docker archive/,
    ],
    [
      "it is no archive",
      () => tarFile([], () => Buffer.alloc(3000, "x")),
      /image\.tar: .*[Ii]nvalid tar header/,
    ],
    [
      "its image has no name",
      async () => written(layoutEntries(indexWith(null), built)),
      /gives its image no name; --as says one/,
    ],
    [
      "it is for other computers",
      async () => written(layoutEntries(indexWith(FULL, other), other)),
      /the image is for linux\/s390x/,
    ],
    [
      "a blob is missing",
      async () => written(layoutEntries(indexWith(FULL))),
      /there is no file "blobs\/sha256/,
    ],
    [
      "a blob is another one",
      async () => {
        const directory = written(layoutEntries(indexWith(FULL), built));
        writeFileSync(join(directory, "blobs", sha256(built.layers[0]?.blob ?? "").replace(":", "/")), "x");
        return directory;
      },
      /has the digest/,
    ],
    [
      "a layer of docker's is another one",
      () =>
        tarFile(dockerArchive({ ...built, layers: [{ tar: Buffer.alloc(1024), blob: Buffer.alloc(0) }] })),
      /layer 1 of 1 has the digest/,
    ],
    [
      "a file in the archive is a link to one of this computer",
      () =>
        tarFile([
          {
            name: "manifest.json",
            text: JSON.stringify([{ Config: "config.json", RepoTags: ["a:1"], Layers: [] }]),
          },
          { name: "config.json", type: "symlink", linkname: join(stateDir(), "..", "/etc/passwd") },
        ]),
      /there is no file "config\.json" in it/,
    ],
    [
      "a path in the archive goes up",
      () => tarFile([{ name: "../../x", text: "" }]),
      /leads out of the image/,
    ],
  ])("says so where %s, and leaves nothing", async (_what, make, message) => {
    const { store, left } = testImages();
    await expect(addImages(store, await make(), null, signal)).rejects.toThrow(message);
    expect(left()).toEqual(NOTHING_LEFT);
  });
});

test("mayfly images add, list and remove", async () => {
  const state = stateDir();
  const name = "registry-1.docker.io/acme/saved:1";
  expect(await mayflyImages(state, "add", "/nonexistent")).toEqual({
    code: 1,
    stdout: "",
    stderr: "mayfly: there is nothing at /nonexistent\n",
  });
  const added = await mayflyImages(state, "add", await tarFile(dockerArchive(built, ["acme/saved:1"])));
  expect(added).toEqual({ code: 0, stdout: expect.stringMatching(`^added ${name} \\(`), stderr: "" });
  const listed = await mayflyImages(state, "list");
  expect(listed.stdout.split("\n")).toEqual([
    expect.stringMatching(/^IMAGE +ID +SIZE +ADDED$/),
    expect.stringMatching(`^${name}  ${built.id.slice(0, 19)}  0\\.0 MB  20.*Z$`),
    "",
  ]);
  expect(await mayflyImages(state, "remove", "acme/saved:1")).toEqual({
    code: 0,
    stdout: `removed ${name}\n`,
    stderr: "",
  });
  expect((await mayflyImages(state, "list")).stdout).toMatch(/^no images;/);
});

describe.runIf(hasImages)("an image that was added", async () => {
  it("is what machines run, with the server up, and can not be removed while one of them is there", async () => {
    const state = stateDir();
    const imageSources = { engines: [], dockerConfig: "/nonexistent", say: () => {} };
    const fly = await serve({ isolation: "sandbox", images: "real", stateDir: state, imageSources });
    const box = image([await busyboxLayer([{ name: "motd", text: "from an archive\n" }])]);
    const path = await tarFile(dockerArchive(box, ["acme/box:1"]));
    expect((await mayflyImages(state, "add", path)).code).toBe(0);
    const { id } = await fly.create(LIVES, { image: "acme/box:1" });
    await fly.wait(id, "started");
    expect((await fly.exec(id, ["cat", "/motd"])).body.stdout).toBe("from an archive\n");
    expect((await mayflyImages(state, "remove", "acme/box:1")).stderr).toBe(
      `mayfly: registry-1.docker.io/acme/box:1 is the image of machine ${id} (started); destroy that first\n`,
    );
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
    expect((await mayflyImages(state, "remove", "acme/box:1")).code).toBe(0);
    const { status } = await fly.call<WireMachine>("GET", `${machines}/${id}`);
    expect(status).toBe(200);
  });
});

describe("an engine on this computer", () => {
  /** A program that answers as docker does, for one image. */
  async function engine(config: object, tar: Buffer, more = ""): Promise<{ program: string; log: string }> {
    const directory = stateDir();
    const [program, log] = [join(directory, "docker"), join(directory, "log")];
    writeFileSync(join(directory, "image.json"), JSON.stringify([config]));
    writeFileSync(join(directory, "image.tar"), tar);
    writeFileSync(
      program,
      `#!/bin/sh
echo "$*" >>${log}
${more}
case "$1 $2 $3" in
  "image inspect "*acme/built:1) cat ${directory}/image.json ;;
  create*) echo c0ffee ;;
  "export c0ffee "*) cat ${directory}/image.tar ;;
  "rm c0ffee "*) ;;
  *) exit 1 ;;
esac
`,
    );
    chmodSync(program, 0o755);
    return { program, log };
  }
  const id = sha256("engine");
  const config = {
    Id: id,
    Os: "linux",
    Architecture: HERE.slice("linux/".length),
    Config: { Cmd: ["/run"], User: "7" },
  };

  it("is asked before any registry, and its image exported by a container that is never started", async () => {
    const { program, log } = await engine(config, await tarOf([{ name: "built", text: "here" }]));
    const { images, left } = testImages({ engines: ["/nonexistent/docker", program] });
    const stored = await images.prepare("acme/built:1");
    expect(stored).toMatchObject({ id, config: { cmd: ["/run"], user: "7" } });
    expect(readFileSync(join(stored?.root ?? "", "built"), "utf8")).toBe("here");
    expect(readFileSync(log, "utf8")).toBe(
      `image inspect docker.io/acme/built:1\ncreate ${id} /mayfly-never-run\nexport c0ffee\nrm c0ffee\n`,
    );
    expect(left()).toEqual({ images: 1, references: 1, partial: 0 });
  });

  it("that fails in the middle leaves nothing, and its container is removed", async () => {
    const tar = await tarOf([{ name: "built", text: "here" }]);
    const { program, log } = await engine(
      config,
      tar,
      'case "$1" in export) head -c 700 /dev/zero; exit 3;; esac',
    );
    const { images, left } = testImages({ engines: [program] });
    await expect(images.prepare("acme/built:1")).rejects.toThrow("ended with 3");
    expect(left()).toEqual({ images: 0, references: 0, partial: 0 });
    expect(readFileSync(log, "utf8")).toMatch(/rm c0ffee\n$/);
  });

  it("that has it for another platform is passed over", async () => {
    const { program } = await engine({ ...config, Architecture: "s390x" }, Buffer.alloc(0));
    const { images } = testImages({ engines: [program] });
    await expect(images.prepare("127.0.0.1:1/acme/built:1")).rejects.toThrow("can not be reached");
  });
});

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { IMAGE_BOUNDS, type ImageBounds } from "../../../src/fly-local/images/limits.ts";
import { stateDir } from "../support.ts";
import { image, type LayerEntry, layer, type TestLayer } from "./layers.ts";
import { registry } from "./registry.ts";
import { NOTHING_LEFT, testImages } from "./support.ts";

const server = await registry();
let count = 0;

/** Pulls an image of these layers. `outside` is a directory with one file, which nothing must touch. */
async function pulled(layers: TestLayer[], bounds: ImageBounds = IMAGE_BOUNDS) {
  count += 1;
  server.push("tools/hostile", String(count), image(layers));
  const all = testImages({}, bounds);
  const result = await all.images.prepare(`${server.host}/tools/hostile:${count}`).then(
    (stored) => ({ root: stored?.root ?? "", error: "" }),
    (error: Error) => ({ root: "", error: error.message }),
  );
  return { ...all, ...result };
}

const outside = join(stateDir(), "outside");
mkdirSync(outside);
writeFileSync(join(outside, "kept"), "kept");
const untouched = () => {
  expect(readdirSync(outside)).toEqual(["kept"]);
  expect(readFileSync(join(outside, "kept"), "utf8")).toBe("kept");
  expect(statSync(outside).mode & 0o777).toBe(0o755);
};

describe("a layer that names something outside of its root is refused, and nothing of the image is kept:", () => {
  const UP = "../".repeat(20);
  it.each<[string, LayerEntry[]]>([
    ["a path that goes up", [{ name: `${UP}${outside}/new`, text: "x" }]],
    ["a path that goes down and further up", [{ name: "a/b/../../../new", text: "x" }]],
    ["a directory above", [{ name: "../", mode: 0o777 }]],
    [
      "a hard link to a path that goes up",
      [{ name: "link", type: "link", linkname: `${UP}${outside}/kept` }],
    ],
    ["a whiteout of the parent", [{ name: "a/" }, { name: "a/.wh..." }]],
    ["a whiteout of the directory itself", [{ name: "a/" }, { name: "a/.wh.." }]],
    ["a whiteout above", [{ name: `${UP}${outside}/.wh.kept` }]],
  ])("%s", async (_what, entries) => {
    const { error, left } = await pulled([await layer(entries)]);
    expect(error).toMatch(/^layer 1 of 1: /);
    expect(left()).toEqual(NOTHING_LEFT);
    untouched();
  });
});

describe("what leads out by a link stays in the root, as it would for a process in there:", () => {
  it("absolute names are the root's", async () => {
    const { root } = await pulled([await layer([{ name: `${outside}/new`, text: "x" }])]);
    expect(readFileSync(join(root, outside, "new"), "utf8")).toBe("x");
    untouched();
  });

  it("a symbolic link may point anywhere, and files below it come into the root", async () => {
    const links: LayerEntry[] = [
      { name: "absolute", type: "symlink", linkname: outside },
      { name: "relative", type: "symlink", linkname: `${"../".repeat(30)}${outside.slice(1)}` },
      { name: "twice", type: "symlink", linkname: "absolute" },
      { name: "deep/absolute", type: "symlink", linkname: outside },
    ];
    const files: LayerEntry[] = [
      { name: "absolute/one", text: "1" },
      { name: "relative/two", text: "2" },
      { name: "twice/three", text: "3" },
      { name: "deep/absolute/zero", text: "0" },
    ];
    for (const layers of [[await layer([...links, ...files])], [await layer(links), await layer(files)]]) {
      const { root, error } = await pulled(layers);
      expect(error).toBe("");
      expect(readdirSync(join(root, outside)).toSorted()).toEqual(["one", "three", "two", "zero"]);
      untouched();
    }
  });

  it("a file, a directory and a whiteout named as a link replace or remove the link, not what it points to", async () => {
    const link = (name: string, target: string): LayerEntry => ({ name, type: "symlink", linkname: target });
    const { root } = await pulled([
      await layer([link("file", `${outside}/kept`), link("directory", outside), link("gone", outside)]),
      await layer([
        { name: "file", text: "mine" },
        { name: "directory/", mode: 0o700 },
        { name: ".wh.gone" },
      ]),
    ]);
    expect(readFileSync(join(root, "file"), "utf8")).toBe("mine");
    expect(readdirSync(root).toSorted()).toEqual(["directory", "file", "tmp"]);
    expect(readdirSync(join(root, "directory"))).toEqual([]);
    untouched();
  });

  it("a whiteout, an opaque one too, below a link hides what is in the root", async () => {
    const { root, error } = await pulled([
      await layer([
        { name: "link", type: "symlink", linkname: outside },
        { name: `${outside}/kept`, text: "image's" },
      ]),
      await layer([{ name: "link/.wh.kept" }, { name: "link/.wh..wh..opq" }]),
    ]);
    expect(error).toBe("");
    expect(readdirSync(join(root, outside))).toEqual([]);
    untouched();
  });

  it("a hard link below a link is to a file of the root, or to none", async () => {
    const { error, left } = await pulled([
      await layer([
        { name: "link", type: "symlink", linkname: outside },
        { name: "stolen", type: "link", linkname: "link/kept" },
      ]),
    ]);
    expect(error).toContain('"stolen" is a link to "link/kept", and there is no such file');
    expect(left()).toEqual(NOTHING_LEFT);
    // To the link itself it is a second link, and writing through it is writing a new file.
    const { root } = await pulled([
      await layer([
        { name: "link", type: "symlink", linkname: join(outside, "kept") },
        { name: "second", type: "link", linkname: "link" },
        { name: "second", text: "new" },
      ]),
    ]);
    expect(readFileSync(join(root, "second"), "utf8")).toBe("new");
    untouched();
  });

  it("a directory that becomes a link afterwards takes its time nowhere", async () => {
    const before = statSync(outside).mtimeMs;
    const { error } = await pulled([
      await layer([
        { name: "a/" },
        { name: "a/b/" },
        { name: "a", type: "symlink", linkname: join(outside, "..") },
        { name: "b/" },
        { name: "b", type: "symlink", linkname: outside },
      ]),
    ]);
    expect(error).toBe("");
    expect(statSync(outside).mtimeMs).toBe(before);
  });

  it("links in a circle are refused", async () => {
    const { error } = await pulled([
      await layer([
        { name: "a", type: "symlink", linkname: "b" },
        { name: "b", type: "symlink", linkname: "a" },
        { name: "a/file", text: "" },
      ]),
    ]);
    expect(error).toContain('"a" is behind too many links');
  });
});

describe("a layer is refused that", () => {
  it("is a bomb: small as it comes, larger than an image may be when unpacked", async () => {
    const bomb = await layer([{ name: "zeros", text: Buffer.alloc(8 << 20) }]);
    expect(bomb.blob.length).toBeLessThan(20_000);
    const { error, left } = await pulled([bomb], { unpackedBytes: 4 << 20, entries: 100 });
    expect(error).toBe("layer 1 of 1: the image is larger than 4 MiB unpacked");
    expect(left()).toEqual(NOTHING_LEFT);
  });

  it("is too large together with the others", async () => {
    const half = () => layer([{ name: `half${Math.random()}`, text: Buffer.alloc(3 << 20) }]);
    const { error, left } = await pulled([await half(), await half()], {
      unpackedBytes: 4 << 20,
      entries: 100,
    });
    expect(error).toBe("layer 2 of 2: the image is larger than 4 MiB unpacked");
    expect(left()).toEqual(NOTHING_LEFT);
  });

  it("has too many files, though all are empty", async () => {
    const many = await layer(Array.from({ length: 101 }, (_, index) => ({ name: `file${index}` })));
    const { error } = await pulled([many], { unpackedBytes: 4 << 20, entries: 100 });
    expect(error).toBe("layer 1 of 1: the image has more than 100 files");
  });

  it("says that a name is megabytes long", async () => {
    const header = (await layer([{ name: "x", text: "" }], (tar) => tar)).blob.subarray(0, 512);
    const long = Buffer.from(header);
    long.write("x", 156);
    long.write((64 << 20).toString(8).padStart(11, "0"), 124);
    long.fill(" ", 148, 156);
    long.write(
      `${long
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    const tar = Buffer.concat([long, Buffer.alloc(8 << 20, "1")]);
    const { error } = await pulled([{ tar, blob: gzipSync(tar) }]);
    expect(error).toContain("Header exceeds max size");
  });

  it("puts something below a file", async () => {
    const { error } = await pulled([
      await layer([
        { name: "file", text: "" },
        { name: "file/below", text: "" },
      ]),
    ]);
    expect(error).toContain('"file" is below something that is no directory');
  });
});

it("devices and pipes are left out", async () => {
  const { root } = await pulled([
    await layer([
      { name: "disk", type: "block-device", devmajor: 254, devminor: 0 },
      { name: "dev/kmsg", type: "character-device", devmajor: 1, devminor: 11 },
      { name: "pipe", type: "fifo" },
      { name: "file", text: "" },
    ]),
  ]);
  expect(readdirSync(root).toSorted()).toEqual(["file", "tmp"]);
});

it("what is run with its owner's rights is out of reach of the computer's users", async () => {
  const { directory, root } = await pulled([await layer([{ name: "su", mode: 0o4755, text: "" }])]);
  expect(statSync(join(root, "su")).mode & 0o7777).toBe(0o4755);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(existsSync(outside)).toBe(true);
});

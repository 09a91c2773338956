import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { image, type LayerEntry, layer } from "./layers.ts";
import { registry } from "./registry.ts";
import { testImages } from "./support.ts";

const server = await registry();
let count = 0;

/** All paths of an image of these layers. */
async function paths(...layers: LayerEntry[][]): Promise<string[]> {
  count += 1;
  server.push("tools/w", String(count), image(await Promise.all(layers.map((entries) => layer(entries)))));
  const stored = await testImages().images.prepare(`${server.host}/tools/w:${count}`);
  const names = readdirSync(stored?.root ?? "", { recursive: true, encoding: "utf8" });
  return names.filter((name) => name !== "tmp").toSorted();
}

const BELOW: LayerEntry[] = [
  { name: "d/" },
  { name: "d/a" },
  { name: "d/sub/" },
  { name: "d/sub/b" },
  { name: "top" },
];

describe("of the layers below,", () => {
  it("a whiteout hides a file, a directory with all that is in it, and nothing that is not there", async () => {
    expect(await paths(BELOW, [{ name: "d/.wh.a" }, { name: ".wh.top" }, { name: "none/.wh.x" }])).toEqual([
      "d",
      "d/sub",
      "d/sub/b",
    ]);
    expect(await paths(BELOW, [{ name: ".wh.d" }])).toEqual(["top"]);
  });

  it("an opaque directory shows nothing, wherever in the layer it says so", async () => {
    const opaque: LayerEntry = { name: "d/.wh..wh..opq" };
    const own: LayerEntry[] = [{ name: "d/" }, { name: "d/new" }, { name: "d/sub/c" }];
    for (const entries of [
      [opaque, ...own],
      [...own, opaque],
      [own[0] as LayerEntry, opaque, ...own.slice(1)],
    ])
      expect(await paths(BELOW, entries)).toEqual(["d", "d/new", "d/sub", "d/sub/c", "top"]);
  });

  it("one that the same layer makes anew is the new one alone", async () => {
    for (const entries of [
      [{ name: ".wh.d" }, { name: "d/" }, { name: "d/new" }],
      [{ name: "d/" }, { name: "d/new" }, { name: ".wh.d" }],
    ])
      expect(await paths(BELOW, entries)).toEqual(["d", "d/new", "top"]);
    expect(await paths(BELOW, [{ name: "top", text: "new" }, { name: ".wh.top" }])).toContain("top");
  });

  it("a file is replaced by a directory and a directory by a file", async () => {
    expect(await paths(BELOW, [{ name: "top/" }, { name: "top/in" }, { name: "d" }])).toEqual([
      "d",
      "top",
      "top/in",
    ]);
  });

  it("a directory that comes again keeps what is in it and takes the new mode", async () => {
    expect(await paths(BELOW, [{ name: "d/", mode: 0o750 }])).toContain("d/a");
  });
});

it("modes, owners, times and links are the image's", async () => {
  server.push(
    "tools/w",
    "kept",
    image([
      await layer([
        { name: "d/", mode: 0o1770, uid: 5, gid: 6, mtime: new Date(1e9) },
        { name: "d/f", mode: 0o640, uid: 7, gid: 8, mtime: new Date(2e9), text: "f" },
        { name: "d/hard", type: "link", linkname: "d/f" },
        { name: "old/" },
        { name: "link", type: "symlink", linkname: "d/f" },
        { name: `long/${"n".repeat(120)}/${"é".repeat(60)}`, text: "long" },
        { name: "big", pax: { uid: "3000000", gid: "3000001" }, text: "" },
      ]),
    ]),
  );
  const root = (await testImages().images.prepare(`${server.host}/tools/w:kept`))?.root ?? "";
  const stat = (name: string) => statSync(join(root, name));
  expect(stat("d").mode & 0o7777).toBe(0o1770);
  expect(stat("d").mtimeMs).toBe(1e9);
  expect(stat("d/f").mode & 0o7777).toBe(0o640);
  expect(stat("d/f").mtimeMs).toBe(2e9);
  expect(stat("d/hard").ino).toBe(stat("d/f").ino);
  expect(readFileSync(join(root, "link"), "utf8")).toBe("f");
  expect(readFileSync(join(root, "long", "n".repeat(120), "é".repeat(60)), "utf8")).toBe("long");
  if (process.getuid?.() !== 0) return;
  expect([stat("d").uid, stat("d").gid, stat("d/f").uid, stat("d/f").gid]).toEqual([5, 6, 7, 8]);
  expect([stat("big").uid, stat("big").gid]).toEqual([3_000_000, 3_000_001]);
});

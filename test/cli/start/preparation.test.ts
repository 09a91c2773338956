import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeFolders } from "../../../src/cli/commands/start/folders.ts";
import { placesIn } from "../../../src/cli/commands/start/places.ts";
import { freePort } from "../../../src/cli/commands/start/ports.ts";
import { keepSecrets, writeLocal } from "../../../src/cli/commands/start/secrets.ts";
import { AppliedMigrations } from "../../../src/cli/commands/start/wrangler.ts";
import { mayfly } from "../support/run-cli.ts";

const newFolder = () => mkdtempSync(join(tmpdir(), "mayfly-start-"));

describe("a port that is in use", () => {
  test.each([["--port"], ["--machines-port"]])(
    "%s: one line names it and the option, exit 1, nothing left",
    async (option) => {
      const server = createServer();
      const port = await new Promise<number>((resolve) =>
        server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
      );
      const dir = join(newFolder(), "untouched");
      const other = option === "--port" ? "--machines-port" : "--port";
      const { exitCode, stdout, stderr } = await mayfly([
        "start",
        option,
        String(port),
        other,
        "0",
        "--dir",
        dir,
      ]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toBe(
        `mayfly: port ${port} is in use (is Mayfly running already?); ${option} N chooses another one\n`,
      );
      expect(existsSync(dir)).toBe(false);
      server.close();
    },
  );

  test("0 is any that is free", async () => {
    expect(await freePort(0, "--port")).toBeGreaterThan(1023);
  });
});

describe("a folder in which nothing can be kept ends a start with one line", () => {
  const file = join(newFolder(), "file");
  writeFileSync(file, "");
  test.each([
    [file, file, "there is a file in the way"],
    [join(file, "below"), join(file, "below"), "there is a file in the way"],
    ...(process.platform === "linux" ? [["/proc/x/y", "/proc/x/y", "no folder can be made there"]] : []),
    [`/tmp/${"x".repeat(300)}`, "x", "the name is too long"],
  ])("%s", async (dir, named, reason) => {
    const { exitCode, stdout, stderr } = await mayfly([
      "start",
      ...["--port", "0", "--machines-port", "0"],
      ...["--dir", dir],
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/^mayfly: Mayfly can not keep its things in .*; --dir chooses another folder\n$/);
    expect(stderr).toContain(named);
    expect(stderr).toContain(reason);
  });

  test("one that is new is its owner's alone", () => {
    const places = placesIn(join(newFolder(), "a", "b"));
    makeFolders(places);
    expect(statSync(places.dir).mode & 0o777).toBe(0o700);
    makeFolders(places);
  });
});

describe("secrets", () => {
  test("are made once, kept over restarts, and readable by their owner alone", () => {
    const places = placesIn(newFolder());
    const first = keepSecrets(places);
    expect(first.made).toBe(true);
    expect(first.secrets.MAYFLY_TOKEN).toMatch(/^mayfly_[\w-]{32}$/);
    expect(Buffer.from(first.secrets.ENCRYPTION_KEY, "base64").length).toBe(32);
    expect(first.secrets.FLY_API_TOKEN).toMatch(/^local-/);
    expect(keepSecrets(places)).toEqual({ secrets: first.secrets, made: false });
    expect(statSync(places.secrets).mode & 0o777).toBe(0o600);
  });

  test("one that is missing is added and the rest stays", () => {
    const places = placesIn(newFolder());
    writeFileSync(places.secrets, "MAYFLY_TOKEN=mine\n# a note\nOTHER=x");
    expect(keepSecrets(places).secrets).toMatchObject({ MAYFLY_TOKEN: "mine", OTHER: "x" });
    expect(readFileSync(places.secrets, "utf8")).toMatch(
      /^MAYFLY_TOKEN=mine\n# a note\nOTHER=x\nENCRYPTION_KEY=".+"\nFLY_API_TOKEN="local-.+"\n$/,
    );
  });

  test("what other commands read is readable by its owner alone, whatever was there", () => {
    const places = placesIn(newFolder());
    const local = { url: "http://127.0.0.1:1", token: "t", machines_url: "http://127.0.0.1:2" };
    writeFileSync(places.local, "old", { mode: 0o644 });
    writeLocal(places, local);
    expect(JSON.parse(readFileSync(places.local, "utf8"))).toEqual(local);
    expect(statSync(places.local).mode & 0o777).toBe(0o600);
  });
});

test("migrations are applied again when they change, and when the database is gone", () => {
  const places = placesIn(newFolder());
  mkdirSync(places.state);
  const folder = newFolder();
  writeFileSync(join(folder, "0000_a.sql"), "create table a (x)");
  const isComplete = () => new AppliedMigrations(places, folder).isComplete();
  expect(isComplete()).toBe(false);
  new AppliedMigrations(places, folder).markComplete();
  expect(isComplete()).toBe(true);
  writeFileSync(join(folder, "0001_b.sql"), "create table b (x)");
  expect(isComplete()).toBe(false);
  new AppliedMigrations(places, folder).markComplete();
  rmSync(places.state, { recursive: true });
  expect(isComplete()).toBe(false);
});

test.each<string[]>([
  ["--port", "99999"],
  ["--port", "x"],
  ["--machines-url", "localhost"],
  ["--dir", ""],
  ["--machines-url", "http://127.0.0.1:4280", "--machines-port", "4281"],
  ["--machines-url", "http://127.0.0.1:4280", "--images", "real"],
  ["--machines-url", "http://127.0.0.1:4280", "--no-limits"],
])("start %s %s %s %s ends with 2", async (...args) => {
  expect((await mayfly(["start", ...args])).exitCode).toBe(2);
});

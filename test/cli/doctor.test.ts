import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Diagnosis } from "../../src/fly-local/doctor/finding.ts";
import { addImages } from "../../src/fly-local/images/add-images.ts";
import { openStoreIn } from "../../src/fly-local/images/open-images.ts";
import { probeSandbox } from "../../src/fly-local/processes/sandbox/sandbox-probe.ts";
import { image, layer, tarOf } from "../fly-local/images/layers.ts";

const MAYFLY = join(import.meta.dirname, "../../src/cli/mayfly.mjs");
const directory = mkdtempSync(join(tmpdir(), "mayfly-doctor-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function doctor(env: Record<string, string> = {}, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAYFLY, "doctor", ...args], {
    cwd: directory,
    encoding: "utf8",
    env: { PATH: process.env.PATH ?? "", ...env },
  });
  return { status, stdout, stderr };
}

test("the doctor says what isolation is in force here, and leaves nothing", async () => {
  const place = mkdtempSync(join(directory, "probe-"));
  const probe = await probeSandbox(place, [place]);
  if (probe.kind === "able") await probe.plan.zygote.close();
  rmSync(place, { recursive: true, force: true });
  const { status, stdout, stderr } = doctor({}, "--json");
  const diagnosis = JSON.parse(stdout) as Diagnosis;
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(diagnosis).toMatchObject({
    possible: true,
    level: probe.kind === "able" ? "sandbox" : "process",
  });
  const names = diagnosis.findings.map(({ name }) => name);
  for (const name of [
    "Node",
    "sandboxes",
    "user namespaces",
    "images",
    "container engines",
    "port 8787",
    "port 4280",
  ])
    expect(names).toContain(name);
  expect(readdirSync(directory)).toEqual([]);
});

test.skipIf(process.platform !== "linux")("the doctor finds the same in a folder behind a link", () => {
  // Not below /tmp, of which a machine sees nothing in any case.
  const folder = mkdtempSync("/var/tmp/mayfly-doctor-");
  try {
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real"), join(folder, "link"));
    const levelIn = (dir: string) =>
      (JSON.parse(doctor({}, "--json", "--dir", dir).stdout) as Diagnosis).level;
    expect(levelIn(join(folder, "link"))).toBe(levelIn(join(folder, "real")));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the doctor leaves nothing of a folder whose path has a blank, either", () => {
  const temporary = mkdtempSync(join(directory, "tmp-"));
  const folder = mkdtempSync(join(directory, "with a blank-"));
  expect(doctor({ TMPDIR: temporary }, "--dir", folder).status).toBe(0);
  expect([readdirSync(temporary), readdirSync(folder)]).toEqual([[], []]);
  for (const each of [temporary, folder]) rmSync(each, { recursive: true });
});

test("the images in store are counted, each once, and it is said who starts machines from them", async () => {
  const state = mkdtempSync(join(directory, "state-"));
  const imagesOf = () => {
    const { findings } = JSON.parse(doctor({}, "--json", "--dir", state).stdout) as Diagnosis;
    return findings.find(({ name }) => name === "images");
  };
  const machines = join(state, "machines");
  expect(imagesOf()?.text).toContain(`none in store yet in ${machines}/images`);
  expect(readdirSync(state)).toEqual([]);
  const store = openStoreIn(machines);
  for (const [size, ...tags] of [
    [3_000_000, "one:1", "also-one:1"],
    [4_000_000, "two:1"],
  ] as const) {
    const { config, layers } = image([await layer([{ name: "file", text: "x".repeat(size) }])]);
    const list = [{ Config: "config.json", RepoTags: tags, Layers: ["layer.tar"] }];
    const archive = await tarOf([
      { name: "config.json", text: config },
      { name: "layer.tar", text: layers[0]?.tar ?? "" },
      { name: "manifest.json", text: JSON.stringify(list) },
    ]);
    writeFileSync(join(state, "image.tar"), archive);
    await addImages(store, join(state, "image.tar"), null, new AbortController().signal);
  }
  const found = imagesOf();
  expect(found?.text).toContain(`2 of 7.0 MB together in store in ${machines}/images`);
  if (found?.state === "good")
    expect(found.text).toContain("mayfly start this computer's own files unless --images real is given");
  rmSync(state, { recursive: true });
});

test("people get a line for each finding and one for what follows", () => {
  const { status, stdout } = doctor();
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ok {2}Node +v\d+/);
  expect(stdout).toMatch(/\n\na run is possible here, and its machine is a (sandbox|plain process)/);
});

test("a port that is in use and engines that are not there are named, with what to do", async () => {
  const taken = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    taken.once("error", () => resolve(false)).listen(4280, "127.0.0.1", () => resolve(true));
  });
  const { status, stdout } = doctor({ PATH: "/nowhere" }, "--json");
  if (isFree) {
    taken.close();
    await once(taken, "close");
  }
  const { findings } = JSON.parse(stdout) as Diagnosis;
  expect(status).toBe(0);
  expect(findings.find(({ name }) => name === "port 4280")).toEqual({
    name: "port 4280",
    state: "lesser",
    text: "in use (is Mayfly running?); mayfly start --machines-port N chooses another one",
  });
  expect(findings.find(({ name }) => name === "container engines")).toMatchObject({
    state: "lesser",
    text: "docker is not installed; podman is not installed; none is needed",
  });
});

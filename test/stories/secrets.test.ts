import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { eventually } from "../support/processes.ts";
import { type Stack, startStack } from "../support/stack.ts";

const VALUE = "k3y/of+a ~story?";
const FORMS = [
  VALUE,
  encodeURIComponent(VALUE),
  Buffer.from(VALUE).toString("base64").replace(/=+$/, "").slice(0, -1),
  Buffer.from(VALUE).toString("hex"),
  JSON.stringify([...Buffer.from(VALUE)]).slice(1, -1),
  [...Buffer.from(VALUE)].join(" "),
];

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());
afterEach(() => stack.clearFaults());

async function setSecret(name: string, value: string): Promise<void> {
  const body = JSON.stringify({ value });
  const response = await stack.call(`/v1/secrets/${name}`, { method: "PUT", body });
  expect(response.status).toBeLessThan(300);
}

const text = async (id: string, stream: "stdout" | "stderr" = "stdout") =>
  Buffer.from(await stack.output(id, stream)).toString();

/** Files below a folder in which one of the forms stands. Machines' disks are removed meanwhile, each entry at a time of its own. */
function filesWith(folder: string, forms: string[]): string[] {
  const entries = ifThere(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesWith(path, forms);
    const bytes = entry.isFile() ? ifThere(() => readFileSync(path)) : null;
    return bytes !== null && forms.some((form) => bytes.includes(form)) ? [path] : [];
  });
}

/** What is read of the disk; null where that is gone by now. */
function ifThere<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

it("a job has its secret, what it prints of it is masked however it prints it, and nothing that is stored or logged has it", async () => {
  await setSecret("STORY_KEY", VALUE);
  // In pieces with pauses between, so that no read has all of it.
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the shell's.
  const script = [
    'printf "plain "; printf %s "$KEY" | while IFS= read -r line || [ -n "$line" ]; do',
    '  while [ "$line" ]; do printf %s "${line%"${line#?}"}"; line=${line#?}; sleep 0.15; done; done',
    'echo; printf "base64 "; printf %s "$KEY" | base64',
    'printf "header "; printf "user:%s" "$KEY" | base64',
    'printf "hex "; printf %s "$KEY" | od -An -tx1 | tr -d " \\n"; echo',
    'printf "url "; printf %s "$KEY" | od -An -v -tx1 | tr -d "\\n" | sed "s/ /%/g"; echo',
    'printf %s "$KEY" >&2; echo over; exit 3',
  ].join("\n");
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above.
  const submitted = await stack.submit({ script, secrets: { KEY: "STORY_KEY" } });
  const run = await stack.final(submitted.id);
  expect(run).toMatchObject({
    status: "failed",
    exit_code: 3,
    secrets: { KEY: "STORY_KEY" },
    output: { complete: true, dropped_bytes: 0, stderr_bytes: VALUE.length },
  });
  const lines = (await text(run.id)).split("\n");
  expect(lines[0]).toBe(`plain ${"*".repeat(VALUE.length)}`);
  expect(lines[1]).toMatch(/^base64 \*+=*$/);
  // The characters that the secret shares with what stands before it stay.
  expect(lines[2]).toMatch(/^header \S{7}\*+=*$/);
  expect(lines[3]).toBe(`hex ${"*".repeat(2 * VALUE.length)}`);
  expect(lines[4]).toMatch(/^url \*+$/);
  expect(lines[5]).toBe("over");
  expect(await text(run.id, "stderr")).toBe("*".repeat(VALUE.length));
  await stack.eventsUntil(run.id, "machine_released");
  const machines = await stack.machines();
  expect(JSON.stringify(machines)).toContain("secrets.sh");
  const answers = await Promise.all(
    ["", "/events", "/output"].map(async (path) => (await stack.call(`/v1/runs/${run.id}${path}`)).text()),
  );
  const told = [JSON.stringify(machines), ...answers].join();
  expect(FORMS.filter((form) => told.includes(form))).toEqual([]);
  // D1, R2, what the Machines server keeps, and the logs of both.
  await eventually(
    "the machine's disk gone, and no file with the secret",
    async () => filesWith(stack.folder, FORMS).length === 0,
  );
  expect(filesWith(stack.folder, ["STORY_KEY"]), "the search finds what is there").not.toEqual([]);
});

it("a driver that is killed before it has given a secret leaves a machine that is given it by the next", async () => {
  await setSecret("STORY_KEY", VALUE);
  await stack.fault({ operation: "exec", kind: "error_before", status: 503, count: 1_000_000 });
  const { id } = await stack.submit({ script: 'printf %s "$KEY" | wc -c', secrets: { KEY: "STORY_KEY" } });
  await stack.eventsUntil(id, "machine_created");
  await stack.killWorker();
  await stack.clearFaults();
  await stack.startWorker();
  await stack.fireCron();
  expect(await stack.final(id)).toMatchObject({ status: "succeeded", attempts: [{}] });
  expect((await text(id)).trim()).toBe(String(VALUE.length));
});

it("a driver that is killed after it has given a secret, and has not noted it, gives it once more for nothing", async () => {
  await setSecret("STORY_KEY", VALUE);
  // The exec takes place and its answer is lost.
  await stack.fault({ operation: "exec", kind: "error_after", status: 502, count: 2 });
  const { id } = await stack.submit({
    script: 'printf %s "$KEY" | wc -c; sleep 2; printf %s "$KEY"',
    secrets: { KEY: "STORY_KEY" },
  });
  await stack.eventsUntil(id, "machine_created");
  await stack.killWorker();
  await stack.clearFaults();
  await stack.startWorker();
  await stack.fireCron();
  expect(await stack.final(id)).toMatchObject({ status: "succeeded", attempts: [{}] });
  expect((await text(id)).replace(/^ *\d+\n/, "")).toBe("*".repeat(VALUE.length));
});

it("a worker that is killed while a job prints its secret comes back to the same masked output", async () => {
  await setSecret("STORY_KEY", VALUE);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's.
  const script = 'for i in 1 2 3 4 5 6; do printf "<%s" "$KEY"; sleep 0.5; printf "%s>" "${KEY#????}"; done';
  const { id } = await stack.submit({ script, secrets: { KEY: "STORY_KEY" } });
  for (let kill = 0; kill < 2; kill++) {
    await stack.eventsUntil(id, "machine_started");
    await new Promise((resolve) => setTimeout(resolve, 700));
    await stack.killWorker();
    await stack.startWorker();
    await stack.fireCron();
  }
  expect(await stack.final(id)).toMatchObject({ status: "succeeded", output: { complete: true } });
  expect(await text(id)).toBe(`<${"*".repeat(VALUE.length)}${VALUE.slice(4)}>`.repeat(6));
});

it("a secret that is removed before the machine is made ends the run, which says so and had no machine", async () => {
  await setSecret("SHORT_LIVED", VALUE);
  await stack.fault({ operation: "create", kind: "error_before", status: 429, count: 1_000_000 });
  const { id } = await stack.submit({ command: ["true"], secrets: { KEY: "SHORT_LIVED" } });
  expect((await stack.call("/v1/secrets/SHORT_LIVED", { method: "DELETE" })).status).toBe(204);
  const run = await stack.final(id);
  expect(run).toMatchObject({
    status: "failed",
    reason: "launch_refused",
    detail: expect.stringContaining("the secret SHORT_LIVED was removed before the machine was given it"),
    attempts: [{ machine_id: null }],
  });
  const refused = await stack.call("/v1/runs", {
    method: "POST",
    body: JSON.stringify({ image: "debian:12", command: ["true"], secrets: { KEY: "SHORT_LIVED" } }),
  });
  expect(refused.status).toBe(422);
});

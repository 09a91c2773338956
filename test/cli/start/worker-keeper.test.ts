import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { Supervisor } from "../../../src/cli/commands/start/supervisor.ts";
import { WorkerKeeper } from "../../../src/cli/commands/start/worker-keeper.ts";
import { freePort } from "../../support/free-port.ts";
import { type FakeIo, fakeIo } from "../support/fake-io.ts";

const WORKER = join(import.meta.dirname, "../support/programs/worker.mjs");

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A worker that leads the given lives, kept, beside another program of the same start. */
async function kept(lives: string[], io: FakeIo = fakeIo()) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-keeper-"));
  const port = await freePort();
  const [log, livesFile] = [join(folder, "worker.log"), join(folder, "lives")];
  const supervisor = new Supervisor();
  const over = new AbortController();
  closing.push(
    () => over.abort(),
    () => supervisor.stop(),
  );
  const other = supervisor.start({
    name: "another program",
    args: ["-e", "setInterval(() => {}, 1000)"],
    cwd: folder,
    log: join(folder, "other.log"),
  });
  const keeper = new WorkerKeeper(
    { name: "the worker", args: [WORKER, String(port), livesFile, ...lives], cwd: folder, log },
    `http://127.0.0.1:${port}`,
    supervisor,
    io,
    over.signal,
  );
  await keeper.start();
  const keeping = keeper.keep();
  keeping.catch(() => undefined);
  return { keeping, io, log, over, other, supervisor };
}

test.each(["dies", "mute"])(
  "a worker that %s is started again, with its log kept and nothing else touched",
  async (life) => {
    const { keeping, io, log, over, supervisor } = await kept([life, "well"]);
    const failed = vi.fn();
    supervisor.failure.catch(failed);
    await vi.waitUntil(() => io.stderr.text().includes("is back"), 20_000);
    over.abort();
    await keeping;
    expect(io.stderr.text()).toMatch(
      /^mayfly: the worker does not answer on \S+; starting it again \(its log is \S+\)\nmayfly: the worker is back; its runs go on\n$/,
    );
    expect(readFileSync(log, "utf8")).toBe(`life 1, ${life}\nlife 2, well\n`);
    expect(failed).not.toHaveBeenCalled();
  },
);

test("one that is lost a sixth time within ten minutes is given up in a line that names its log", async () => {
  const { keeping, log } = await kept(["dies"]);
  await expect(keeping).rejects.toThrow(
    /^the worker does not answer on \S+ and was started again 5 times within 10m 00s; its log is \S+worker\.log$/,
  );
  expect(readFileSync(log, "utf8").split("\n").filter(Boolean)).toHaveLength(6);
});

test("losses of longer ago do not count", async () => {
  const io = fakeIo();
  const { keeping, log, over } = await kept(
    ["dies", "dies", "dies", "dies", "dies", "dies", "dies", "well"],
    {
      ...io,
      now: () => {
        io.pass(3 * 60_000);
        return io.now();
      },
    },
  );
  await vi.waitUntil(() => readFileSync(log, "utf8").includes("life 8, well"), 20_000);
  over.abort();
  await keeping;
});

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { Logs } from "../../../src/fly-local/logs/logs.ts";
import type { Machine } from "../../../src/fly-local/machines/machine.ts";
import { startMachinesServer } from "../../../src/fly-local/server.ts";
import { openStore } from "../../../src/fly-local/store.ts";
import { everyLevel } from "../processes/containers.ts";
import { api, LIVES, machines, serve, stateDir } from "../support.ts";

interface Page {
  data: {
    id: string;
    attributes: { message: string; instance: string; timestamp: string; meta: { stream: string } };
  }[];
  meta: { next_token: string };
  error?: string;
}

describe.each(everyLevel)("logs at level %s", async (isolation) => {
  const fly = await serve({ isolation });
  const read = async (query: string, app = "test") =>
    (await fly.call<Page>("GET", `/api/v1/apps/${app}/logs?${query}`)).body;
  const messages = async (id: string) =>
    (await read(`instance=${id}`)).data.map(({ attributes }) => attributes.message);
  const ran = async (script: string, more: object = {}) => {
    const { id } = await fly.create(["sh", "-c", script], {}, more);
    await fly.wait(id, "destroyed");
    return id;
  };
  const NORMALLY = " INFO Main child exited normally with code: 0";

  it("hold both streams line by line once the machine is over, and how it ended", async () => {
    const id = await ran("echo one; echo two >&2; printf 'three, ünended'");
    const { data } = await read(`instance=${id}`);
    const lines = data.map(({ attributes }) => `${attributes.meta.stream}: ${attributes.message}`);
    expect(lines.filter((line) => line.startsWith("stdout"))).toEqual([
      "stdout: one",
      "stdout: three, ünended",
      `stdout: ${NORMALLY}`,
    ]);
    expect(lines).toContain("stderr: two");
    expect(data[0]?.attributes).toMatchObject({
      level: "info",
      instance: id,
      region: "local",
      meta: { instance: id, region: "local", event: { provider: "app" } },
    });
    expect(new Date(data[0]?.attributes.timestamp ?? "").getTime()).toBeGreaterThan(Date.now() - 60_000);
  });

  it("say of which signal the main process died", async () => {
    const id = await ran("kill -9 $$");
    expect(await messages(id)).toEqual([
      " INFO Main child exited with signal (with signal 'SIGKILL', core dumped? false)",
    ]);
  });

  it("do not hold what an exec writes", async () => {
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    await fly.exec(id, ["echo", "exec"]);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
    expect((await messages(id)).filter((line) => line.includes("exec"))).toEqual([]);
  });

  it("are read on from where the last answer ended, without a gap or a repeat", async () => {
    const from = (await read("next_token=")).meta.next_token;
    expect(await read(`next_token=${from}`)).toEqual({ data: [], meta: { next_token: from } });
    const id = await ran('i=0; while [ $i -lt 250 ]; do echo "line $i"; i=$((i+1)); done');
    const seen: string[] = [];
    let token = from;
    let pages = 0;
    for (; pages < 10; pages++) {
      const page = await read(`next_token=${token}&instance=${id}`);
      if (page.data.length === 0) break;
      seen.push(...page.data.map(({ attributes }) => attributes.message));
      token = page.meta.next_token;
    }
    expect(pages).toBe(3);
    expect(seen).toEqual([...Array.from({ length: 250 }, (_, index) => `line ${index}`), NORMALLY]);
    const newest = await read(`instance=${id}`);
    expect(newest.data).toHaveLength(100);
    expect(newest.data.at(-1)?.attributes.message).toBe(NORMALLY);
  });

  it("are of one app, and of one region where one is asked for", async () => {
    const id = await ran("echo here", { region: "ams" });
    expect((await read(`instance=${id}`, "other")).data).toEqual([]);
    expect((await read(`instance=${id}&region=ams`)).data).toHaveLength(2);
    expect((await read(`instance=${id}&region=fra`)).data).toEqual([]);
  });

  it("of a machine that writes without end keep the newest, and the server goes on", async () => {
    const { id } = await fly.create(["sh", "-c", "exec yes 0123456789012345678901234567890123456789"]);
    await expect.poll(() => messages(id), { timeout: 20_000 }).toHaveLength(100);
    const other = await ran("echo beside");
    expect(await messages(other)).toContain("beside");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
    expect(await messages(id)).toHaveLength(100);
    expect(await messages(other)).toContain("beside");
  });

  it("do not keep a machine from its end that leaves somebody behind who writes on", async () => {
    const { id } = await fly.create(["sh", "-c", "yes & sleep 0.1; exit 3"]);
    expect((await fly.wait(id, "destroyed", 10)).status).toBe(200);
    expect((await messages(id)).at(-1)).toBe(" INFO Main child exited normally with code: 3");
  });

  it("cut lines that are too long", async () => {
    const id = await ran("head -c 40000 /dev/zero | tr '\\0' x");
    expect((await messages(id)).map((line) => line.length).slice(0, 3)).toEqual([16384, 16384, 7232]);
  });
});

describe("what a machine writes", () => {
  const machine = { id: "m1", app: "test", region: "local" } as Machine;
  const all = { after: null, machine: null, region: null };

  it("is left out, and counted, where it is too much at once", () => {
    const logs = new Logs(Date.now);
    const { write, end } = logs.writer(machine);
    const line = Buffer.from("begun\n");
    write("stdout", line);
    write("stdout", Buffer.alloc(5 * 1024 * 1024, "x"));
    write("stdout", line);
    end({ code: 0, signal: null });
    expect(logs.read("test", all, 10).map(({ message }) => message)).toEqual([
      "begun",
      ` WARN ${5 * 1024 * 1024 + line.length} bytes of output left out: too many at once`,
      " INFO Main child exited normally with code: 0",
    ]);
  });

  it("after its end is nobody's", () => {
    const logs = new Logs(Date.now);
    const { write, end } = logs.writer(machine);
    end({ code: 0, signal: null });
    write("stdout", Buffer.from("late\n"));
    expect(logs.read("test", all, 10)).toHaveLength(1);
  });

  it("is kept up to a bound for each machine, and for all of an app, the newest of it", () => {
    const logs = new Logs(Date.now);
    const text = Buffer.from(`${"y".repeat(999)}\n`.repeat(3000));
    const other = logs.writer({ ...machine, id: "other" });
    other.write("stdout", Buffer.from("stays\n"));
    for (let n = 0; n < 20; n++) {
      const writer = logs.writer({ ...machine, id: `m${n}` });
      writer.write("stdout", text);
      writer.end({ code: 0, signal: null });
      const kept = logs.read("test", { ...all, machine: `m${n}` }, 10_000);
      expect(kept.reduce((bytes, { message }) => bytes + message.length, 0)).toBeLessThan(1024 * 1024);
      expect(kept.length).toBeGreaterThan(300);
      expect(kept.at(-1)?.message).toContain("exited normally");
      if (n === 0) expect(logs.read("test", { ...all, machine: "other" }, 1)).toHaveLength(1);
    }
    const total = logs.read("test", all, 1_000_000).reduce((bytes, { message }) => bytes + message.length, 0);
    expect(total).toBeLessThan(8 * 1024 * 1024);
    expect(logs.read("test", { ...all, machine: "other" }, 1)).toHaveLength(0);
  });

  it("is text, also where it comes cut within a letter", () => {
    const logs = new Logs(Date.now);
    const { write, end } = logs.writer(machine);
    for (const byte of Buffer.from("ünïcode 🐝\r\nend")) write("stdout", Buffer.from([byte]));
    end({ code: 0, signal: null });
    expect(logs.read("test", all, 2).map(({ message }) => message)[0]).toBe("end");
    expect(logs.read("test", all, 3)[0]?.message).toBe("ünïcode 🐝");
  });
});

describe("logs on disk", () => {
  const machine = { id: "m1", app: "test", region: "fra" } as Machine;
  const all = { after: null, machine: null, region: null };
  const messagesOf = (logs: Logs) => logs.read("test", all, 1_000_000).map(({ message }) => message);

  it("are there again after a restart of the server, and are read on without a gap or a repeat", async () => {
    const options = { port: 0, stateDir: stateDir(), isolation: "process", images: "host" } as const;
    const first = await startMachinesServer(options);
    const page = async (url: string, token: string) =>
      (await api(url).call<Page>("GET", `/api/v1/apps/test/logs?next_token=${token}`)).body;
    const { id } = await api(first.url).create(["sh", "-c", "echo one; echo two >&2"]);
    await api(first.url).wait(id, "destroyed");
    const before = await page(first.url, "");
    const lives = await api(first.url).create(["sh", "-c", "echo three; exec sleep 60"]);
    await expect.poll(async () => (await page(first.url, "")).data).toHaveLength(4);
    await first.close();
    const second = await startMachinesServer(options);
    const after = await page(second.url, "");
    expect(after.data.slice(0, 3)).toEqual(before.data);
    const more = await page(second.url, before.meta.next_token);
    expect(more.data.map(({ attributes }) => [attributes.instance, attributes.message])).toEqual([
      [lives.id, "three"],
      [lives.id, " INFO Main child exited with signal (with signal 'SIGKILL', core dumped? false)"],
    ]);
    const third = await api(second.url).create(["echo", "four"]);
    await api(second.url).wait(third.id, "destroyed");
    const last = await page(second.url, more.meta.next_token);
    expect(last.data.map(({ attributes }) => attributes.message)[0]).toBe("four");
    await second.close();
  });

  it("have a line a moment after it was written, whatever becomes of the server", async () => {
    const directory = stateDir();
    const [store, other] = [openStore(directory), openStore(directory)];
    const { write } = new Logs(Date.now, store.logs).writer(machine);
    write("stdout", Buffer.from("one\ntwo\n"));
    await expect.poll(() => other.logs.read("test")).toHaveLength(2);
    write("stderr", Buffer.from("three\n"));
    await expect.poll(() => other.logs.read("test")).toHaveLength(3);
    // Lines that come later are later, also where the clock was turned back meanwhile.
    const behind = new Logs(() => 0, other.logs);
    behind.writer(machine).write("stdout", Buffer.from("four\n"));
    const found = behind.read("test", all, 10);
    expect(behind.read("test", { ...all, after: found[2]?.at ?? 0n }, 10)).toHaveLength(1);
    expect(found).toMatchObject([
      { message: "one", stream: "stdout", machine: "m1", region: "fra" },
      { message: "two" },
      { message: "three", stream: "stderr" },
      { message: "four" },
    ]);
    behind.close();
    for (const each of [store, other]) each.close();
  });

  it("are bound like those in memory, and go with their app and their time", () => {
    const store = openStore(stateDir());
    let now = Date.now();
    const logs = new Logs(() => now, store.logs);
    const text = Buffer.from(`${"y".repeat(999)}\n`.repeat(3000));
    for (let n = 0; n < 20; n++) {
      logs.writer({ ...machine, id: `m${n}` }).write("stdout", text);
      logs.close();
    }
    const kept = store.logs.read("test");
    expect(kept.reduce((bytes, { message }) => bytes + message.length, 0)).toBeLessThan(9 * 1024 * 1024);
    expect(kept.filter((entry) => entry.machine === "m19").length).toBeGreaterThan(300);
    const again = new Logs(() => now, store.logs);
    expect(messagesOf(again).slice(-100)).toEqual(messagesOf(logs).slice(-100));
    logs.writer({ ...machine, app: "other" }).write("stdout", Buffer.from("stays\n"));
    logs.forget("test");
    logs.close();
    expect(store.logs.read("test")).toEqual([]);
    expect(store.logs.read("other")).toHaveLength(1);
    logs.writer({ ...machine, app: "other", id: "gone" }).write("stdout", Buffer.from("goes\n"));
    logs.close();
    expect(store.logs.read("other")).toHaveLength(2);
    logs.forgetMachine("other", "gone");
    logs.close();
    expect(store.logs.read("other")).toMatchObject([{ message: "stays" }]);
    now += 6 * 24 * 3_600_000;
    logs.writer(machine).write("stdout", Buffer.from("young\n"));
    logs.close();
    now += 2 * 24 * 3_600_000;
    logs.sweep();
    expect(logs.read("other", all, 10)).toEqual([]);
    expect(store.logs.read("other")).toEqual([]);
    expect(messagesOf(logs)).toEqual(["young"]);
    expect(store.logs.read("test")).toHaveLength(1);
    store.close();
  });
});

it("logs of an app that the disk has no room for are kept when it has, at the latest at the end", () => {
  const directory = stateDir();
  const store = openStore(directory);
  const db = new DatabaseSync(join(directory, "machines.sqlite"));
  const full = (is: boolean) => {
    db.exec(
      is
        ? "CREATE TRIGGER full BEFORE INSERT ON logs WHEN NEW.app = 'large' BEGIN SELECT raise(ABORT, 'disk full'); END"
        : "DROP TRIGGER full",
    );
  };
  const logs = new Logs(Date.now, store.logs);
  const say = (app: string) =>
    logs.writer({ id: "m1", app, region: "fra" } as Machine).write("stdout", Buffer.from("line\n"));
  full(true);
  for (const app of ["large", "small"]) say(app);
  logs.close();
  expect([store.logs.read("large").length, store.logs.read("small").length]).toEqual([0, 1]);
  full(false);
  logs.close();
  expect([store.logs.read("large").length, store.logs.read("small").length]).toEqual([1, 1]);
  db.close();
  store.close();
});

it("logs refuse a token that is none, and whoever has not the server's", async () => {
  const fly = await serve({ isolation: "process", token: "right", stateDir: stateDir() });
  const logs = "/api/v1/apps/test/logs";
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  expect((await fly.call("GET", logs, undefined, as("wrong"))).status).toBe(401);
  expect((await fly.call("GET", logs, undefined, as("right"))).status).toBe(200);
  expect((await api(fly.url).call("GET", `${logs}?next_token=soon`, undefined, as("right"))).status).toBe(
    400,
  );
});

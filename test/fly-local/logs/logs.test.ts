import { describe, expect, it } from "vitest";
import { Logs } from "../../../src/fly-local/logs/logs.ts";
import type { Machine } from "../../../src/fly-local/machines/machine.ts";
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

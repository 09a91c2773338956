import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/fly-local/clock.ts";
import { levels } from "./levels.ts";
import { api, LIVES, machines, serve, stateDir } from "./support.ts";

interface Page {
  data: {
    id: string;
    attributes: { message: string; instance: string; timestamp: string; meta: { stream: string } };
  }[];
  meta: { next_token: string };
  error?: string;
}

describe.each(levels)("logs at level %s", async (isolation) => {
  const fly = await serve({ isolation });
  /** Its clock stands still: all that a machine writes is written in one second, however slow the computer is. */
  const still = await serve({ isolation, clock: systemClock(() => 1_800_000_000_000) });
  const read = async (query: string, app = "test", from = fly) =>
    (await from.call<Page>("GET", `/api/v1/apps/${app}/logs?${query}`)).body;
  const messages = async (id: string, from = fly) =>
    (await read(`instance=${id}`, "test", from)).data.map(({ attributes }) => attributes.message);
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
    await fly.wait(id, "started");
    const other = await ran("echo beside");
    expect(await messages(other)).toContain("beside");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
    expect(await messages(id)).toHaveLength(100);
    expect(await messages(other)).toContain("beside");
  });

  it("say how much they leave out of what is too much at once", async () => {
    const { id } = await still.create(["sh", "-c", "yes | head -c 12000000; echo last"]);
    await still.wait(id, "destroyed", 60);
    const lines = await messages(id, still);
    expect(lines.at(-1)).toBe(NORMALLY);
    expect(lines.join("\n")).toMatch(/ WARN \d{6,} bytes of output left out: too many at once/);
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

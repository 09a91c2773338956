import { afterEach, describe, expect, it } from "vitest";
import { everyLevel } from "../processes/containers.ts";
import { LIVES, machines, processesOf, serve } from "../support.ts";

describe.each(everyLevel)("exec at level %s", async (isolation) => {
  const fly = await serve({ isolation });
  let id = "";

  async function started(argv = LIVES): Promise<void> {
    ({ id } = await fly.create(argv));
    await fly.wait(id, "started");
  }

  afterEach(async () => {
    if ((await fly.call("DELETE", `${machines}/${id}?force=true`)).status === 200)
      await fly.wait(id, "destroyed");
    expect(processesOf(id)).toEqual([]);
  });

  it("answers 200 with code, signal and both streams, also where the command fails", async () => {
    await started();
    const failing = await fly.exec(id, ["sh", "-c", "echo out; echo err >&2; exit 5"]);
    expect(failing).toMatchObject({
      status: 200,
      body: { exit_code: 5, exit_signal: 0, stdout: "out\n", stderr: "err\n" },
    });
    const killed = await fly.exec(id, ["sh", "-c", "kill -9 $$"]);
    expect(killed).toMatchObject({ status: 200, body: { exit_code: 137, exit_signal: 9 } });
    const missing = await fly.exec(id, ["/no/such/command"]);
    expect(missing).toMatchObject({ status: 200, body: { exit_code: 127 } });
  });

  it("splits cmd into words, and no shell expands them", async () => {
    await started();
    const cmd = `printf '%s|' "a b" 'c"d' e\\ f $HOME ''`;
    const reply = await fly.call("POST", `${machines}/${id}/exec`, { cmd });
    expect(reply.body).toMatchObject({ stdout: 'a b|c"d|e f|$HOME||' });
    expect((await fly.call("POST", `${machines}/${id}/exec`, { cmd: "echo 'open" })).status).toBe(400);
    expect((await fly.call("POST", `${machines}/${id}/exec`, {})).status).toBe(400);
  });

  it("is refused by the name of its field where it can not be what is meant", async () => {
    await started();
    const refused = async (body: object) => {
      const reply = await fly.call("POST", `${machines}/${id}/exec`, body);
      return [reply.status, reply.body.error];
    };
    const nul = "a NUL cannot be in an argument";
    expect(await refused({ command: ["echo", "a\0b"] })).toEqual([
      400,
      `invalid_argument: command.1: ${nul}`,
    ]);
    expect(await refused({ cmd: "echo a\0b" })).toEqual([400, `invalid_argument: cmd: ${nul}`]);
    const many = Array.from({ length: 100_000 }, () => "a");
    expect(await refused({ command: many })).toEqual([
      400,
      "invalid_argument: command: 100000 arguments; up to 32768 are accepted",
    ]);
    const long = "x".repeat(131_072);
    expect(await refused({ command: ["echo", long] })).toEqual([
      400,
      "invalid_argument: command.1: an argument of 131072 bytes; up to 131071 are accepted",
    ]);
    expect(await refused({ command: Array.from({ length: 10 }, () => long.slice(1)) })).toEqual([
      400,
      "invalid_argument: command: arguments of 1310720 bytes; up to 1048576 are accepted",
    ]);
    for (const timeout of [-1, 0.5])
      expect(await refused({ command: ["true"], timeout })).toEqual([
        400,
        `invalid_argument: timeout: ${timeout} is no whole number of seconds from 0 on; 0 and what is above 60 mean 60`,
      ]);
    expect(await refused({ command: ["echo", 7] })).toEqual([400, expect.stringContaining("command.1: ")]);
  });

  it("takes as much as it says, and a timeout of none or beyond all bounds", async () => {
    await started();
    const longest = await fly.exec(id, ["sh", "-c", 'printf %s "$1" | wc -c', "sh", "x".repeat(131_071)]);
    expect(longest.body.stdout).toBe("131071\n");
    const most = await fly.exec(id, [
      "sh",
      "-c",
      'echo "$#"',
      "sh",
      ...Array.from({ length: 32_764 }, () => "a"),
    ]);
    expect(most.body.stdout).toBe("32764\n");
    for (const timeout of [0, 1e9]) expect((await fly.exec(id, ["true"], timeout)).status).toBe(200);
  });

  it("returns megabytes whole", async () => {
    await started();
    const reply = await fly.exec(id, ["sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x"]);
    expect(reply.body.stdout).toHaveLength(5_000_000);
    expect(/^x+$/.test(reply.body.stdout ?? "")).toBe(true);
  });

  it("is refused while the machine is not started", async () => {
    ({ id } = await fly.create(LIVES, { auto_destroy: false }, { skip_launch: true }));
    await fly.wait(id, "stopped");
    const reply = await fly.exec(id, ["true"]);
    expect(reply).toMatchObject({ status: 412, body: { error: "failed_precondition: machine not running" } });
  });

  it("that takes too long answers 408 and is killed with what it started", async () => {
    await started();
    const reply = await fly.exec(id, ["sh", "-c", "sleep 71 & sleep 72"], 1);
    expect(reply.status).toBe(408);
    expect(reply.body.error).toBe(
      'deadline_exceeded: Post "http://unix/v1/exec": net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
    );
    expect(await sleepers()).toBe("");
  });

  it("whose machine dies answers 412 EOF", async () => {
    await started(["sh", "-c", 'until [ -e "$HOME/go" ]; do sleep 0.01; done']);
    const reply = await fly.exec(id, ["sh", "-c", 'touch "$HOME/go"; sleep 73']);
    expect(reply).toMatchObject({
      status: 412,
      body: { error: "failed_precondition: exec request failed: EOF" },
    });
  });

  it("whose machine is destroyed answers 412 EOF", async () => {
    await started();
    const running = fly.exec(id, ["sh", "-c", 'touch "$HOME/runs"; sleep 74']);
    await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/runs" ]; do sleep 0.01; done']);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    expect(await running).toMatchObject({
      status: 412,
      body: { error: "failed_precondition: exec request failed: EOF" },
    });
  });

  it("is killed when its client goes away", async () => {
    await started();
    const leaving = new AbortController();
    const body = JSON.stringify({ command: ["sh", "-c", 'touch "$HOME/runs"; sleep 75 & sleep 76'] });
    const init = { method: "POST", headers: { authorization: "Bearer x" }, body, signal: leaving.signal };
    const running = fetch(`${fly.url}${machines}/${id}/exec`, init);
    await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/runs" ]; do sleep 0.01; done']);
    leaving.abort();
    await expect(running).rejects.toThrow();
    // Bounded by exec's own timeout: it ends when the sleepers are gone.
    const gone = await fly.exec(id, ["sh", "-c", `while ${LIST} | grep -q .; do /bin/sleep 0.01; done`], 10);
    expect(gone.status).toBe(200);
  });

  /** `sleep 7x` of this Machine, whatever else runs on the computer. */
  const LIST = `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/environ 2>/dev/null | grep -q "FLY_MACHINE_ID=$FLY_MACHINE_ID" && tr '\\0' ' ' <$p/cmdline | grep '^sleep 7'; done`;

  async function sleepers(): Promise<string> {
    return (await fly.exec(id, ["sh", "-c", LIST])).body.stdout ?? "";
  }
});

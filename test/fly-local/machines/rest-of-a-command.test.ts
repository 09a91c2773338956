import { describe, expect, it } from "vitest";
import {
  parseReadReply,
  type RunnerEnd,
  readCommand,
  runnerCommand,
  runnerFiles,
} from "../../../src/core/runner-protocol.ts";
import { Started, WAYS } from "../../support/started.ts";
import { everyLevel } from "../processes/containers.ts";
import { machines, serve } from "../support.ts";

/** The images of containers have busybox alone, which starts nothing for another user. */
const { "one of another user": _, ...BUSYBOXES } = WAYS;
/** Nothing tells any more whose it is where machines have no processes of their own. */
const LEFT = ["one without an environment, whose parents are gone"];

describe.each(everyLevel)("what a command starts in a machine at level %s", async (isolation) => {
  const fly = await serve({ isolation });
  const starts = () => new Started(isolation === "container" ? BUSYBOXES : WAYS);
  const left = isolation === "process" ? LEFT : [];

  /** A Machine under the runner, which nobody releases. */
  const runs = async (name: string, script: string, runMs: number) => {
    const files = runnerFiles(name, script).map(({ path, base64, mode }) => ({
      guest_path: path,
      raw_value: base64,
      mode,
    }));
    const times = { runMs, stopMs: 5_000, lingerMs: 600_000 };
    const exec = runnerCommand({ machineName: name, command: null, script, ...times });
    const { id } = await fly.create(exec, { files }, { name });
    await fly.wait(id, "started");
    return id;
  };

  const endOf = async (id: string, machineName: string): Promise<RunnerEnd | null> => {
    const asked = { machineName, stdoutOffset: 0, stderrOffset: 0, maxBytes: 1024, waitSeconds: 20 };
    const reply = parseReadReply((await fly.exec(id, readCommand(asked), 30)).body.stdout ?? "");
    if ("problem" in reply) throw new Error(reply.problem);
    return reply.end;
  };

  const destroyed = async (id: string) => {
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
  };

  it("ends with it at the run limit, which the runner holds, while its machine and what others start go on", async () => {
    const started = starts();
    const others = starts();
    const other = await runs(`beside-${isolation}`, `${others.script}sleep 1000`, 600_000);
    const id = await runs(`limit-${isolation}`, `${started.script}sleep 1000`, 2_000);
    await started.all();
    await others.all();
    const there = others.alive();
    expect(await endOf(id, `limit-${isolation}`)).toMatchObject({ timedOut: true });
    expect(started.alive()).toEqual([]);
    expect((await fly.get(id)).state).toBe("started");
    expect(others.alive()).toEqual(there);
    await destroyed(id);
    await destroyed(other);
    expect(others.alive()).toEqual(left);
    others.end();
  });

  it(`is gone with the machine${left.map((name) => `, but for ${name}`)}`, async () => {
    const started = starts();
    const { id } = await fly.create([
      "sh",
      "-c",
      `${started.script}until rm "$HOME/go"; do sleep 0.02; done`,
    ]);
    await started.all();
    await fly.exec(id, ["sh", "-c", 'touch "$HOME/go"']);
    await fly.exitOf(id);
    expect(started.alive()).toEqual(left);
    started.end();
  });
});

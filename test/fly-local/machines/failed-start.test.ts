import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { everyLevel } from "../processes/containers.ts";
import { eventLines, LIVES, machines, serve } from "../support.ts";

describe.each(everyLevel)("a start that fails at level %s", async (isolation) => {
  const fly = await serve({ isolation });
  const folder = mkdtempSync(join(tmpdir(), "fly-local-failed-start-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const content = { raw_value: Buffer.from("x").toString("base64") };
  /** The second can not be put where the first is no directory. */
  const impossible = [`${folder}/file`, `${folder}/file/below`].map((path) => ({
    guest_path: path,
    ...content,
  }));

  /** The newest of its log. */
  const lastLine = async (id: string) => {
    type Log = { data: { attributes: { message: string } }[] };
    const { body } = await fly.call<Log>("GET", `/api/v1/apps/test/logs?instance=${id}`);
    return body.data.at(-1)?.attributes.message;
  };

  it("leaves a machine that was stopped as it was, but for an event that says why", async () => {
    const config = { auto_destroy: false, files: impossible };
    const { id } = await fly.create(LIVES, config, { skip_launch: true });
    await fly.wait(id, "stopped");
    const before = await fly.get(id);
    expect((await fly.call("POST", `${machines}/${id}/start`)).status).toBe(200);
    expect((await fly.wait(id, "stopped")).status).toBe(200);
    const after = await fly.get(id);
    expect(after).toMatchObject({ state: "stopped", config: before.config });
    expect(eventLines(after.events).slice(0, 2)).toEqual(["launch/failed/flyd", "start/starting/user"]);
    expect(after.events?.[0]?.request).toEqual({ error: expect.stringContaining("file") });
    expect(await lastLine(id)).toContain(`could not be started: ${after.events?.[0]?.request?.error}`);

    const mended = { image: "alpine", init: { exec: LIVES } };
    expect((await fly.call("POST", `${machines}/${id}`, { config: mended })).status).toBe(200);
    await fly.wait(id, "stopped");
    await fly.call("POST", `${machines}/${id}/start`);
    expect((await fly.wait(id, "started")).status).toBe(200);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("leaves a machine stopped whose new version is what can not be started", async () => {
    const { id } = await fly.create(LIVES, { auto_destroy: false });
    await fly.wait(id, "started");
    const config = { image: "alpine", init: { exec: LIVES }, files: impossible };
    expect((await fly.call("POST", `${machines}/${id}`, { config })).status).toBe(200);
    expect((await fly.wait(id, "stopped")).status).toBe(200);
    expect(eventLines((await fly.get(id)).events)[0]).toBe("launch/failed/flyd");
    await fly.call("DELETE", `${machines}/${id}`);
  });

  it("destroys a machine that destroys itself when it stops", async () => {
    const { id } = await fly.create(LIVES, { files: impossible }, { skip_launch: true });
    await fly.wait(id, "stopped");
    await fly.call("POST", `${machines}/${id}/start`);
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
  });

  it("and is a machine's first destroys it, as Fly does, with the event of a launch that failed", async () => {
    const { id } = await fly.create(LIVES, { auto_destroy: false, files: impossible });
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
    const machine: WireMachine = await fly.get(id);
    expect(eventLines(machine.events)).toEqual([
      "destroy/destroyed/flyd",
      "launch/failed/flyd",
      "start/starting/flyd",
      "launch/created/user",
    ]);
    expect(await lastLine(id)).toContain(String(machine.events?.[1]?.request?.error));
  });
});

it("a start that failed for what was wrong with the computer works when that is mended", async () => {
  const fly = await serve({ isolation: "process" });
  const folder = mkdtempSync("/tmp/fly-local-failed-start-");
  const files = [{ guest_path: `${folder}/file`, raw_value: "" }];
  const { id } = await fly.create(["true"], { auto_destroy: false, files });
  await fly.wait(id, "stopped");
  const startAgain = async () => {
    const newest = (await fly.get(id)).events?.[0]?.id;
    await fly.call("POST", `${machines}/${id}/start`);
    await fly.call("GET", `${machines}/${id}/wait?state=stopped&from_event_id=${newest}`);
    return eventLines((await fly.get(id)).events)[0];
  };
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "no directory");
  expect(await startAgain()).toBe("launch/failed/flyd");
  rmSync(folder);
  expect(await startAgain()).toBe("exit/stopped/flyd");
  rmSync(folder, { recursive: true });
  await fly.call("DELETE", `${machines}/${id}`);
});

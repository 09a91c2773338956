import { describe, expect, it } from "vitest";
import { HandClock } from "../hand-clock.ts";
import { LIVES, serve } from "../support.ts";

interface Row {
  id: string;
  name: string;
  app_name: string;
  state: string;
  config?: { image: string };
}
interface Page {
  machines: Row[];
  next_cursor?: string;
  last_machine_id?: string;
  last_updated_at?: string;
  error_regions: string[];
}

describe("the machines of all apps", async () => {
  const clock = new HandClock(Date.parse("2026-01-01T00:00:00Z"));
  const fly = await serve({ isolation: "process", clock });
  const list = async (query = "") =>
    (await fly.call<Page>("GET", `/v1/orgs/personal/machines?${query}`)).body;
  const names = (page: Page) => page.machines.map(({ name }) => name);
  for (const [app, name, region] of [
    ["one", "a", "ams"],
    ["two", "b", "fra"],
    ["one", "c", "ams"],
    ["two", "d", "ams"],
  ]) {
    const config = { image: "alpine", init: { exec: LIVES }, metadata: { n: name } };
    const url = `/v1/apps/${app}/machines`;
    const made = await fly.call<Row>("POST", url, { name, region, config, skip_launch: true });
    await fly.call("GET", `${url}/${made.body.id}/wait?state=stopped`);
    if (name === "c") {
      await fly.call("DELETE", `${url}/${made.body.id}`);
      await fly.call("GET", `${url}/${made.body.id}/wait?state=destroyed`);
    }
    clock.advance(60_000);
  }

  it("come oldest change first, with the app's name and part of the config", async () => {
    const page = await list();
    expect(names(page)).toEqual(["a", "b", "d"]);
    expect(page.machines[1]).toMatchObject({
      app_name: "two",
      state: "stopped",
      config: { image: "registry-1.docker.io/library/alpine:latest", metadata: { n: "b" } },
    });
    expect(page).toMatchObject({
      error_regions: [],
      last_machine_id: page.machines[2]?.id,
      last_updated_at: "2026-01-01T00:03:00Z",
    });
    expect(page).not.toHaveProperty("next_cursor");
    expect((await list("summary=true")).machines[0]).not.toHaveProperty("config");
  });

  it.each([
    ["include_deleted=true", ["a", "b", "c", "d"]],
    ["state=destroyed", ["c"]],
    ["state=stopped,destroyed&region=ams", ["a", "c", "d"]],
    ["region=fra", ["b"]],
    ["updated_after=2026-01-01T00:01:00Z", ["d"]],
    ["updated_after=2026-01-01T00:00:59Z&include_deleted=true", ["b", "c", "d"]],
  ])("are filtered by %s", async (query, expected) => {
    expect(names(await list(query))).toEqual(expected);
  });

  it("come in pages, each of them once", async () => {
    const found: string[] = [];
    let cursor = "";
    do {
      const page = await list(`include_deleted=true&limit=1&cursor=${cursor}`);
      expect(page.machines).toHaveLength(1);
      found.push(...names(page));
      cursor = page.next_cursor ?? "";
    } while (cursor !== "");
    expect(found).toEqual(["a", "b", "c", "d"]);
  });

  it.each(["limit=0", "limit=x", "cursor=%21", "updated_after=yesterday"])("refuse %s", async (query) => {
    expect((await fly.call("GET", `/v1/orgs/personal/machines?${query}`)).status).toBe(400);
  });
});

describe("the machines of an organization", async () => {
  const fly = await serve({ isolation: "process" });
  const names = async (organization: string) =>
    (await fly.call<Page>("GET", `/v1/orgs/${organization}/machines`)).body.machines.map(({ name }) => name);
  const make = async (app: string, name: string) => {
    const config = { image: "alpine", init: { exec: ["true"] } };
    const url = `/v1/apps/${app}/machines`;
    const { id } = (await fly.call<Row>("POST", url, { name, config, skip_launch: true })).body;
    await fly.call("GET", `${url}/${id}/wait?state=stopped`);
  };

  it("are of its apps alone, and of none that there is not", async () => {
    expect(await fly.call("GET", "/v1/orgs/zzz/machines")).toMatchObject({
      status: 404,
      body: { error: 'Could not find Organization "zzz"' },
    });
    await fly.call("POST", "/v1/apps", { name: "theirs", org_slug: "zzz" });
    await make("theirs", "z");
    await make("ours", "a");
    expect(await names("zzz")).toEqual(["z"]);
    for (const own of ["local", "personal"]) expect(await names(own)).toEqual(["a"]);
  });
});

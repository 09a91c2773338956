import { describe, expect, it } from "vitest";
import { HandClock } from "./hand-clock.ts";
import { LIVES, machines, serve } from "./support.ts";

const TOO_MANY = { status: 429, body: { error: "rate limit exceeded" } };

describe("with rate limits on", async () => {
  const clock = new HandClock(1_700_000_000_000);
  const fly = await serve({ isolation: "process", clock, rateLimits: true });

  async function statuses(count: number, call: () => Promise<{ status: number }>): Promise<number[]> {
    const found: number[] = [];
    for (let n = 0; n < count; n++) found.push((await call()).status);
    return found;
  }

  it("an action is let through three times for each machine, then once a second", async () => {
    const { id } = await fly.create(LIVES, {}, { skip_launch: true });
    const other = await fly.create(LIVES, {}, { skip_launch: true });
    const cordon = (machine: string) => fly.call("POST", `${machines}/${machine}/cordon`);
    expect(await statuses(4, () => cordon(id))).toEqual([200, 200, 200, 429]);
    expect(await cordon(id)).toMatchObject(TOO_MANY);
    expect((await cordon(other.id)).status).toBe(200);
    expect((await fly.call("POST", `${machines}/${id}/uncordon`)).status).toBe(200);
    clock.advance(999);
    expect((await cordon(id)).status).toBe(429);
    clock.advance(1);
    expect(await statuses(2, () => cordon(id))).toEqual([200, 429]);
    clock.advance(60_000);
    expect(await statuses(4, () => cordon(id))).toEqual([200, 200, 200, 429]);
  });

  it("creates and lists count for the app, and what is refused is not made", async () => {
    const create = () =>
      fly.call("POST", "/v1/apps/busy/machines", {
        config: { image: "x", init: { exec: LIVES } },
        skip_launch: true,
      });
    expect(await statuses(4, create)).toEqual([200, 200, 200, 429]);
    expect((await fly.call<unknown[]>("GET", "/v1/apps/busy/machines")).body).toHaveLength(3);
    expect((await fly.call("GET", "/v1/apps/quiet/machines")).status).toBe(200);
  });

  it("a machine is shown ten times, then five times a second", async () => {
    clock.advance(60_000);
    const { id } = await fly.create(LIVES, {}, { skip_launch: true });
    const get = () => fly.call("GET", `${machines}/${id}`);
    expect(await statuses(11, get)).toEqual([...Array(10).fill(200), 429]);
    clock.advance(200);
    expect(await statuses(2, get)).toEqual([200, 429]);
  });
});

describe("without being told so", async () => {
  const fly = await serve({ isolation: "process" });

  it("a server has no rate limits", async () => {
    const { id } = await fly.create(LIVES, {}, { skip_launch: true });
    for (let n = 0; n < 20; n++) expect((await fly.call("GET", `${machines}/${id}`)).status).toBe(200);
  });
});

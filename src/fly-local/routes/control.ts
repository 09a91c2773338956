/** Control of the server by tests: faults and the count of calls. No part of the Machines API; loopback only. */

import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { complaint, type Faults, fault } from "../faults/faults.ts";
import type { Host } from "../machines/host.ts";

const LOOPBACK = ["127.0.0.1", "::1", "::ffff:127.0.0.1"];

export function controlRoutes(faults: Faults, host: Host): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(async (c, next) => {
    if (!LOOPBACK.includes(c.env.incoming.socket.remoteAddress ?? ""))
      return c.json({ error: "control is possible from this computer alone" }, 403);
    // A page of a browser cannot send this content type to another site without being allowed to, nor a DELETE of any.
    if (c.req.method === "POST" && !c.req.header("content-type")?.startsWith("application/json"))
      return c.json({ error: 'control takes the content type "application/json" only' }, 415);
    await next();
    return;
  });
  app.post("/faults", async (c) => {
    const parsed = fault.safeParse(await c.req.json().catch(() => null));
    if (!parsed.success) return c.json({ error: complaint(parsed.error) }, 400);
    const { machine, gone_after_ms } = parsed.data;
    if (
      parsed.data.kind === "machine_lost" &&
      !host.registry.undestroyed(null).some(({ id }) => id === machine)
    )
      return c.json({ error: `machine: there is no machine "${machine}"` }, 400);
    try {
      faults.add(parsed.data);
    } catch (error) {
      return c.json({ error: (error as Error).message }, 400);
    }
    if (parsed.data.kind === "machine_lost" && gone_after_ms !== undefined)
      host.later.after(
        gone_after_ms,
        () => void host.lose(machine ?? "").then(() => faults.forget(machine ?? "")),
      );
    return c.body(null, 204);
  });
  app.delete("/faults", (c) => {
    faults.clear();
    return c.body(null, 204);
  });
  app.get("/faults", (c) => c.json(faults.list()));
  app.get("/calls", (c) => c.json(faults.calls()));
  return app;
}

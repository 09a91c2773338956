/** The style, the script and the icon. Their paths name their content, so browsers keep them for good. */

import { Hono } from "hono";
import { ICON, SCRIPT, STYLE } from "./assets.generated.ts";

const ASSETS = new Map([STYLE, SCRIPT, ICON].map((asset) => [asset.path, asset]));

export function assets(): Hono {
  return new Hono().get("/assets/:name", (c) => {
    const asset = ASSETS.get(c.req.path);
    if (asset === undefined) return c.notFound();
    return c.body(asset.body, 200, {
      "Content-Type": asset.type,
      "Cache-Control": "public, max-age=31536000, immutable",
    });
  });
}

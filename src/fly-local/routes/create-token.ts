/**
 * POST /v1/tokens/oidc `{aud}`: the signed token as text (docs: Tokens resource). On Fly a Machine asks over a socket of its
 * own, which says who it is; here the request names the Machine by its id, `machine_id`.
 */

import type { Operation } from "../app.ts";
import { invalid, machineNotFound } from "../error.ts";
import { bodyOf } from "../request.ts";

export const createToken: Operation = async (c, { host, platform }) => {
  const { aud, machine_id: id } = await bodyOf(c);
  if (aud !== undefined && aud !== null && typeof aud !== "string")
    throw invalid("aud: a string is expected");
  if (typeof id !== "string" || id === "")
    throw invalid(
      "machine_id: the id of the Machine that the token is for is expected, which it has as FLY_MACHINE_ID",
    );
  const machine = host.registry.undestroyed(null).find((each) => each.id === id);
  if (machine === undefined) throw machineNotFound();
  const { organization } = platform.apps.get(machine.app);
  const { origin } = new URL(c.req.url);
  return c.text(await platform.identity.token(machine, organization, origin, aud || null));
};

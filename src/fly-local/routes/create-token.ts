/**
 * POST /v1/tokens/oidc `{aud}`: the signed token as text (docs: Tokens resource). On Fly a Machine asks over a socket of its
 * own, which says who it is. Here it is the Machine that `machine_id` names, or, on Linux, the one that the connection comes
 * from.
 */

import type { Operation } from "../app.ts";
import { invalid, machineNotFound } from "../error.ts";
import { callingMachine } from "../processes/caller.ts";
import { bodyOf } from "../request.ts";

export const createToken: Operation = async (c, { host, platform }) => {
  const { aud, machine_id: named } = await bodyOf(c);
  if (aud !== undefined && aud !== null && typeof aud !== "string")
    throw invalid("aud: a string is expected");
  if (named !== undefined && named !== null && typeof named !== "string")
    throw invalid("machine_id: a string is expected");
  const id = named || callingMachine(c.env.incoming.socket);
  if (id === null)
    throw invalid(
      "machine_id: the request comes from no Machine, so the id of the one that the token is for is expected",
    );
  const machine = host.registry.undestroyed(null).find((each) => each.id === id);
  if (machine === undefined) throw machineNotFound();
  const { organization } = platform.apps.get(machine.app);
  const { origin } = new URL(c.req.url);
  return c.text(await platform.identity.token(machine, organization, origin, aud || null));
};

/**
 * POST /v1/tokens/oidc `{aud}`: the signed token as text (docs: Tokens resource). On Fly a Machine asks over a socket of its
 * own, which says who it is. Here it is the Machine that `machine_id` names, or, on Linux, the one that the connection comes
 * from. Such a Machine needs no token of the server's for a token of its own, but at level process.
 */

import type { Operation } from "../app.ts";
import { invalid, machineNotFound, unauthorized } from "../error.ts";
import { isAuthorized } from "../guard.ts";
import type { Host } from "../machines/host.ts";
import { type Caller, callerOf } from "../processes/caller.ts";
import { bodyOf } from "../request.ts";

export const createToken: Operation = async (c, { host, platform, token }) => {
  const { aud, machine_id: named } = await bodyOf(c);
  if (aud !== undefined && aud !== null && typeof aud !== "string")
    throw invalid("aud: a string is expected");
  if (named !== undefined && named !== null && typeof named !== "string")
    throw invalid("machine_id: a string is expected");
  const isTrusted = isAuthorized(c.req.header("authorization"), token);
  const caller = isTrusted && named ? null : callerOf(c.env.incoming.socket);
  if (!isTrusted && !isItself(caller, named, host)) throw unauthorized();
  const id = named || caller?.claims;
  if (id === undefined)
    throw invalid(
      "machine_id: the request comes from no Machine, so the id of the one that the token is for is expected",
    );
  const machine = host.registry.undestroyed(null).find((each) => each.id === id);
  if (machine === undefined) throw machineNotFound();
  const { organization } = platform.apps.get(machine.app);
  const { origin } = new URL(c.req.url);
  return c.text(await platform.identity.token(machine, organization, origin, aud || null));
};

/**
 * Whether a process of the very Machine asks that the token is for. At level process anybody can pass for one: what they have in
 * their environment is all that tells them from other processes.
 */
function isItself(caller: Caller | null, named: string | null | undefined, host: Host): boolean {
  if (host.level.name === "process" || caller === null || (named && named !== caller.claims)) return false;
  return host.processes(caller.claims)?.includes(caller.pid) ?? false;
}

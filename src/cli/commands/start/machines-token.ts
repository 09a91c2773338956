/** Whether a local Machines API that somebody else started lets this Mayfly in. */

import { CliError } from "../../cli-error.ts";

/**
 * Without its token every run would fail, and say so only in the end.
 * @param secrets the file that the token is from
 * @throws CliError where it takes another one
 */
export async function checkMachinesToken(url: string, token: string, secrets: string): Promise<void> {
  const { status } = await fetch(`${url}/v1/platform/regions`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (status === 401)
    throw new CliError(
      `the Machines API on ${url} takes another token than the FLY_API_TOKEN in ${secrets}: it wants the one that it was given (--token), or keeps in its state folder`,
    );
}

/** `mayfly hooks rotate`: another URL for a hook. */

import type { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { type Io, say, write } from "../../io.ts";
import { type HookOptions, hookCommand, orNoHook } from "./hook-call.ts";

export function rotateHookCommand(act: (options: HookOptions) => Promise<void>): Command {
  return hookCommand(
    "rotate",
    "give a hook another URL",
    "Gives a hook another URL and prints it. The one that it had is unknown from then on; the ledger goes on.",
    "deploy/github",
    act,
  );
}

export async function rotateHook({ job, name }: HookOptions, io: Io, client: Client): Promise<void> {
  const { url } = await client.rotateHook(job, name).catch(orNoHook(client));
  await write(io.stdout, `${url}\n`);
  await say(io, "tell it to the sender: the URL before is unknown from now on");
}

/** `mayfly secrets list`: what secrets there are. Nobody can read their values. */

import { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { age } from "../../spans.ts";
import { table } from "../../table.ts";

export interface ListSecretsOptions extends ConnectionOptions {
  json?: boolean;
}

export function listSecretsCommand(act: (options: ListSecretsOptions) => Promise<void>): Command {
  const command = new Command("list")
    .summary("list secrets by name, without their values")
    .description("Lists secrets by name. Their values can not be read back, by anybody.")
    .option("--json", "print JSON")
    .action((options: ListSecretsOptions) => act(options));
  return withConnection(command);
}

export async function listSecrets({ json }: ListSecretsOptions, io: Io, client: Client): Promise<void> {
  const body = await retried(io, () => client.secrets());
  if (json) return write(io.stdout, `${JSON.stringify(body, null, 2)}\n`);
  const rows = body.secrets.map(({ name, version, redacted, updated_at }) => [
    name,
    String(version),
    `${age(Date.parse(updated_at), io.now())} ago`,
    redacted ? "masked" : "too short to be masked",
  ]);
  return write(io.stdout, table(["NAME", "VERSION", "SET", "IN OUTPUT"], rows, io.columns));
}

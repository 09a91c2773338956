/** `mayfly secrets set`: a value comes in by stdin, a prompt, a file or the environment, and never by the command line. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { Command, Option } from "commander";
import { SECRET_REDACTED_MIN_BYTES } from "../../../core/limits.ts";
import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { UsageError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, say, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { askHidden } from "./ask-hidden.ts";

export interface SetOptions extends ConnectionOptions {
  name: string;
  /** A variable of this command's environment; true for the one of the secret's own name. */
  fromEnv?: string | true;
  file?: string;
}

export function setCommand(act: (options: SetOptions) => Promise<void>): Command {
  const command = new Command("set")
    .summary("set a secret, or replace it")
    .description(
      "Sets a secret, or replaces it. Its value is read from stdin, without a line feed at its end, or asked for at a terminal. It is no argument, as those are seen by other users of a computer and kept in the shell's history.",
    )
    .argument("<name>", "letters, digits and _, such as API_TOKEN")
    .option("--from-env [variable]", "take it from this variable here (default: the one of that name)")
    .addOption(new Option("--file <path>", "take all bytes of this file, which is text").conflicts("fromEnv"))
    .addHelpText("after", EXAMPLES)
    .action((name: string, options: Omit<SetOptions, "name">) => act({ ...options, name }));
  return withConnection(command);
}

const EXAMPLES = `
Examples:
  mayfly secrets set API_TOKEN
  mayfly secrets set API_TOKEN --from-env
  mayfly secrets set DEPLOY_KEY --file ~/.ssh/deploy
`;

export async function setSecret(options: SetOptions, io: Io, client: Client): Promise<void> {
  const value = await readValue(options, io);
  const secret = await retried(io, () => client.setSecret(options.name, value)).catch(notAccepted);
  await write(io.stdout, `${plain(secret.name)} version ${secret.version}\n`);
  if (!secret.redacted)
    await say(
      io,
      `it has fewer than ${SECRET_REDACTED_MIN_BYTES} bytes, so it is not masked in the output of runs`,
    );
}

async function readValue({ name, fromEnv, file }: SetOptions, io: Io): Promise<string> {
  if (fromEnv !== undefined) {
    const variable = fromEnv === true ? name : fromEnv;
    const value = io.env[variable];
    if (value === undefined) throw new UsageError(`--from-env ${plain(variable)}: it is not set here`);
    return value;
  }
  if (file !== undefined) {
    const bytes = await readFile(resolve(io.cwd, file)).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(
        `--file ${plain(file)}: ${error.code === "ENOENT" ? "there is no such file" : error.message}`,
      );
    });
    return text(bytes, `--file ${plain(file)}`);
  }
  const asked = await askHidden(io, `${plain(name)}: `);
  return asked ?? text(await buffer(io.stdin), "stdin").replace(/\r?\n$/, "");
}

function text(bytes: Uint8Array, from: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(`${from}: it is not UTF-8 text; encode it, for example with base64`);
  }
}

function notAccepted(error: unknown): never {
  if (error instanceof ApiError && error.status === 422 && error.path !== null) {
    const what = error.path === "path.name" ? "name" : "value";
    throw new UsageError(`the secret's ${what}: ${error.message.replace(`${error.path}: `, "")}`);
  }
  throw error;
}

/** Which Mayfly to talk to, and the token that opens it. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import { CliError, UsageError } from "./cli-error.ts";
import type { Io } from "./io.ts";

/** What `mayfly start` writes for the commands that follow, relative to the folder it keeps its things in. */
export const LOCAL_FILE = "local.json";
/** That folder, in the checkout. */
export const LOCAL_FOLDER = ".mayfly";

export interface LocalMayfly {
  url: string;
  token: string;
  machines_url: string;
}

export interface Connection {
  url: string;
  token: string;
}

export interface ConnectionOptions {
  url?: string;
  token?: string;
}

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** Adds `--url` and `--token` to a command. */
export function withConnection(command: Command): Command {
  return command
    .addOption(new Option("--url <url>", "the Mayfly to talk to (MAYFLY_URL)"))
    .addOption(new Option("--token <token>", "its API token (MAYFLY_TOKEN)"));
}

/**
 * Options first, then the environment, then what `mayfly start` wrote in this folder, one above it, or the checkout of
 * this command. A token found in a file is only ever sent to the URL that stands beside it.
 * @throws CliError where none is known
 */
export function connectionOf(
  options: ConnectionOptions,
  io: Pick<Io, "env" | "cwd">,
  checkout = CHECKOUT,
): Connection {
  const local = readLocal([...foldersUpFrom(io.cwd), checkout]);
  const given = options.url ?? (io.env.MAYFLY_URL || undefined);
  const url = given === undefined ? local?.url : checked(given);
  if (url === undefined)
    throw new CliError("no Mayfly is known here", {
      hint: "`npm start` starts one on this computer; for another give --url and --token, or MAYFLY_URL and MAYFLY_TOKEN",
    });
  const token =
    options.token ?? (io.env.MAYFLY_TOKEN || undefined) ?? (local?.url === url ? local.token : undefined);
  if (token === undefined)
    throw new CliError(`no API token is known for ${url}`, { hint: "give --token or MAYFLY_TOKEN" });
  return { url, token };
}

function checked(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new UsageError(`"${text}" is no URL of a Mayfly`, 'one looks like "http://127.0.0.1:8787"');
  return url.href.replace(/\/+$/, "");
}

function foldersUpFrom(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersUpFrom(parent)];
}

function readLocal(folders: string[]): LocalMayfly | null {
  for (const folder of folders) {
    try {
      const local = JSON.parse(
        readFileSync(join(folder, LOCAL_FOLDER, LOCAL_FILE), "utf8"),
      ) as Partial<LocalMayfly>;
      if (typeof local.url === "string" && typeof local.token === "string") return local as LocalMayfly;
    } catch {
      // Not there, or not ours: the next folder may have one.
    }
  }
  return null;
}

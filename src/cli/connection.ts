/** Which Mayfly to talk to, and the token that opens it. */

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import { CliError, UsageError } from "./cli-error.ts";
import { headerComplaint } from "./header-value.ts";
import type { Io } from "./io.ts";
import { plain } from "./plain.ts";
import { shellWord } from "./shell-word.ts";

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
  /** The folder in which a `mayfly start` of this computer keeps its things, where it is not the usual one. */
  dir?: string;
}

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** Adds `--url`, `--token` and `--dir` to a command. */
export function withConnection(command: Command): Command {
  return command
    .addOption(new Option("--url <url>", "the Mayfly to talk to (MAYFLY_URL)"))
    .addOption(new Option("--token <token>", "its API token (MAYFLY_TOKEN)"))
    .addOption(
      new Option("--dir <folder>", "in place of both: the --dir of a `mayfly start` on this computer"),
    );
}

/**
 * `mayfly` with what makes it reach the same Mayfly again, as one would type it: for the commands that messages name. A token
 * is left for its owner to fill in.
 */
export function commandFor({ url, token, dir }: ConnectionOptions): string {
  const options: [string, string | undefined][] = [
    ["--dir", dir],
    ["--url", url],
  ];
  const words = options.flatMap(([name, value]) =>
    value === undefined ? [] : [name, shellWord(plain(value))],
  );
  return ["mayfly", ...words, ...(token === undefined ? [] : ["--token", "…"])].join(" ");
}

/**
 * Options first (with `--dir` what the start there wrote), then the environment, then what `mayfly start` wrote in this folder, one
 * above it, or the checkout of this command. A token found in a file is only ever sent to the URL that stands beside it.
 * @throws CliError where none is known, UsageError where one can not be right
 */
export function connectionOf(
  options: ConnectionOptions,
  io: Pick<Io, "env" | "cwd">,
  checkout = CHECKOUT,
): Connection {
  const chosen = options.dir === undefined ? null : localIn(options.dir, io.cwd);
  const local =
    chosen ?? readLocal([...foldersUpFrom(io.cwd), checkout].map((folder) => join(folder, LOCAL_FOLDER)));
  const given = firstOf(
    [options.url, "--url"],
    [chosen === null ? io.env.MAYFLY_URL || undefined : undefined, "MAYFLY_URL"],
  );
  const url = given === null ? local?.url : checkedUrl(given);
  if (url === undefined)
    throw new CliError("no Mayfly is known here", {
      hint: "`npm start` starts one on this computer; for another give --url and --token, or MAYFLY_URL and MAYFLY_TOKEN",
    });
  const inFile = (known: Written | null): [string | undefined, string] => [
    known?.url === url ? known?.token : undefined,
    `in ${plain(known?.file ?? "")}`,
  ];
  const token = firstOf(
    [options.token, "given by --token"],
    inFile(chosen),
    [io.env.MAYFLY_TOKEN || undefined, "in MAYFLY_TOKEN"],
    inFile(local),
  );
  if (token === null) throw new CliError(`no API token is known for ${url}`, { hint: tokenHint(url) });
  return { url, token: checkedToken(token) };
}

/** A setting and where it was found. */
interface Found {
  text: string;
  where: string;
}

function firstOf(...places: [text: string | undefined, where: string][]): Found | null {
  const [text, where] = places.find(([known]) => known !== undefined) ?? [];
  return text === undefined || where === undefined ? null : { text, where };
}

function tokenHint(url: string): string {
  const isHere = ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
  return isHere
    ? `give --token or MAYFLY_TOKEN; a Mayfly on this computer wrote its own to ${LOCAL_FILE} in the folder that its start named (${LOCAL_FOLDER} unless told otherwise), and --dir <folder> reads URL and token there`
    : "give --token or MAYFLY_TOKEN";
}

/** Does not show the token: what a terminal shows ends up in logs. */
function checkedToken({ text, where }: Found): string {
  if (text === "") throw new UsageError(`the token ${where} is empty`);
  const complaint = headerComplaint(text);
  if (complaint !== null)
    throw new UsageError(`the token ${where} ${complaint}`, "a token is one word of ASCII characters");
  return text;
}

function checkedUrl({ text, where }: Found): string {
  if (text === "") throw new UsageError(`${where}: it is empty`, URL_EXAMPLE);
  const complaint = headerComplaint(text);
  if (complaint !== null) throw new UsageError(`${where}: "${plain(text)}" ${complaint}`, URL_EXAMPLE);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new UsageError(`${where}: "${text}" is no URL of a Mayfly`, meantUrl(text) ?? URL_EXAMPLE);
  if (url.username !== "" || url.password !== "")
    throw new UsageError(
      `${where}: it holds a user name or password`,
      "the API token goes into --token or MAYFLY_TOKEN",
    );
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  if (url.search !== "" || url.hash !== "")
    throw new UsageError(`${where}: "${text}" is more than the URL of a Mayfly`, `did you mean "${base}"?`);
  return base;
}

const URL_EXAMPLE = 'one looks like "http://127.0.0.1:8787"';

/** The hint for a host without a scheme, as one types it into a browser. */
function meantUrl(text: string): string | null {
  if (text.includes("://") || !/^[\w.-]+\.\w+|^localhost|^\[/.test(text) || !URL.canParse(`http://${text}`))
    return null;
  const { hostname } = new URL(`http://${text}`);
  const isHere = hostname === "localhost" || /^[\d.]+$|^\[/.test(hostname);
  return `did you mean "${isHere ? "http" : "https"}://${text}"?`;
}

function foldersUpFrom(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersUpFrom(parent)];
}

/** What a start wrote, and where. */
type Written = LocalMayfly & { file: string };

/** @throws UsageError where no start keeps its things in the folder */
function localIn(folder: string, cwd: string): Written {
  const local = readLocal([resolve(cwd, folder)]);
  if (local === null)
    throw new UsageError(
      `--dir ${plain(folder)}: there is no ${LOCAL_FILE} of a Mayfly in it`,
      `\`mayfly start --dir ${plain(folder)}\` writes one`,
    );
  return local;
}

function readLocal(folders: string[]): Written | null {
  for (const folder of folders) {
    const file = join(folder, LOCAL_FILE);
    try {
      const local = JSON.parse(readFileSync(file, "utf8")) as Partial<LocalMayfly>;
      if (typeof local.url === "string" && typeof local.token === "string")
        return { ...(local as LocalMayfly), file };
    } catch {
      // Not there, or not ours: the next folder may have one.
    }
  }
  return null;
}

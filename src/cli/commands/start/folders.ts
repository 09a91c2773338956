/** The folders of a start, made before anything is put into them. */

import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { CliError } from "../../cli-error.ts";
import { plain } from "../../plain.ts";
import type { Places } from "./places.ts";

/** Readable by their owner alone where they are new. @throws CliError in one line where one can not be made or written to */
export function makeFolders(places: Places): void {
  for (const folder of [places.dir, places.logs, places.state]) {
    try {
      makeWithParents(folder);
      if (!statSync(folder).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      throw new CliError(
        `Mayfly can not keep its things in ${plain(folder)}: ${REASONS[code] ?? code}; --dir chooses another folder`,
        { cause: error },
      );
    }
  }
}

/** Step by step: Node's own `recursive` never returns below a folder that takes no others and answers ENOENT, such as /proc. */
function makeWithParents(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeWithParents(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Made meanwhile by another start, or no folder: the look at it tells.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

const REASONS: Record<string, string> = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "nothing can be written there",
  ENOENT: "no folder can be made there",
  ENOTDIR: "there is a file in the way",
  ENOSPC: "there is no space left",
  ENAMETOOLONG: "the name is too long",
};

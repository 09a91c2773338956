/** What there is to say of jobs after which others are to start, and which are nowhere: no start, and no error either. */

import type { FileJob } from "../../../jobs-file/read.ts";
import type { Client } from "../../api-client.ts";
import { type Io, write } from "../../io.ts";
import { known } from "./known.ts";
import { noted } from "./read-files.ts";

/** Tells on stderr of names in `on` that no file defines and no job in force has. */
export async function noteLinks(jobs: FileJob[], io: Io, client: Client): Promise<void> {
  const defined = new Set(jobs.map(({ name }) => name));
  const links = jobs.flatMap((job) =>
    (job.definition.on ?? []).map((link, index) => ({ job, name: link.job, index })),
  );
  const isThere = new Map<string, boolean>();
  for (const { name } of links)
    if (!defined.has(name) && !isThere.has(name)) isThere.set(name, (await known(name, io, client)) !== null);
  const notes = links.filter(({ name }) => isThere.get(name) === false);
  await write(
    io.stderr,
    noted(
      notes.map(({ job: { file, line, name: of }, name, index }) => ({
        ...{ file, line, column: 1, path: `jobs.${of}.on.${index}.job` },
        message: `there is no job ${name}, here or in force: nothing starts this one after it`,
      })),
    ),
  );
}

/** The plan of an apply: what files define beside what is in force. */

import type { Step } from "../../../jobs-file/plan.ts";
import type { FileJob } from "../../../jobs-file/read.ts";
import { allJobs } from "../../all-jobs.ts";
import type { Client } from "../../api-client.ts";
import type { Io } from "../../io.ts";
import { known } from "./known.ts";
import { noteLinks } from "./note-links.ts";
import { readFiles } from "./read-files.ts";

/** Jobs that are asked for at once. */
const ASKED_AT_ONCE = 8;

/** @param prune also delete those of the files' projects that no file has any more */
export async function makePlan(paths: string[], prune: boolean, io: Io, client: Client): Promise<Step[]> {
  const { files, jobs } = await readFiles(paths, io);
  await noteLinks(jobs, io, client);
  const { pruned, stepFor } = await import("../../../jobs-file/plan.ts");
  const steps: Step[] = [];
  for (let done = 0; done < jobs.length; done += ASKED_AT_ONCE) {
    const some = jobs.slice(done, done + ASKED_AT_ONCE);
    steps.push(
      ...(await Promise.all(
        some.map(async (job: FileJob) => stepFor(job, await known(job.name, io, client))),
      )),
    );
  }
  return prune ? [...steps, ...pruned(await allJobs(io, client), files, jobs)] : steps;
}

/**
 * What there is to say of jobs that start after others: of names that are nowhere, and of circles. Such a job does not start, or not for
 * ever, and is no error either.
 */

import { circleOf, circleSentence } from "../../../core/chain/circle.ts";
import { followedNames } from "../../../core/chain/link.ts";
import { CIRCLE_LOOKED_JOBS_MAX } from "../../../core/limits.ts";
import type { FileComplaint } from "../../../jobs-file/complaint.ts";
import type { FileJob } from "../../../jobs-file/read.ts";
import type { Client } from "../../api-client.ts";
import { type Io, write } from "../../io.ts";
import { known } from "./known.ts";
import { noted } from "./read-files.ts";

/** By a job's name, those after which it starts; null where there is no such job. */
type Before = Map<string, string[] | null>;

/** Tells on stderr of names in `on` that no file defines and no job in force has, and of circles, also through jobs in force. */
export async function noteLinks(jobs: FileJob[], io: Io, client: Client): Promise<void> {
  const before = inFiles(jobs);
  const missing = () =>
    [...new Set([...before.values()].flatMap((names) => names ?? []))].filter((name) => !before.has(name));
  for (let names = missing(); names.length > 0; names = missing())
    for (const name of names) {
      // What is farther away is looked at no more, and is there for all that is said of it.
      const job =
        before.size < jobs.length + CIRCLE_LOOKED_JOBS_MAX ? await known(name, io, client) : undefined;
      before.set(name, job === null ? null : followedNames(job?.definition ?? {}));
    }
  const unknown = jobs.flatMap((job) =>
    (job.definition.on ?? []).flatMap(({ job: name }, index) =>
      before.get(name) === null
        ? noteOf(job, index, `there is no job ${name}, here or in force: nothing starts this one after it`)
        : [],
    ),
  );
  await write(io.stderr, noted([...unknown, ...circleNotes(jobs, before)]));
}

/** Tells of the circles that are in the files alone. */
export async function noteCircles(jobs: FileJob[], io: Io): Promise<void> {
  await write(io.stderr, noted(circleNotes(jobs, inFiles(jobs))));
}

function inFiles(jobs: FileJob[]): Before {
  return new Map(jobs.map(({ name, definition }) => [name, followedNames(definition)]));
}

/** Each circle once, at the first of its jobs. */
function circleNotes(jobs: FileJob[], before: Before): FileComplaint[] {
  const told = new Set<string>();
  return jobs.flatMap((job) => {
    const circle = circleOf(job.name, (name) => before.get(name) ?? []);
    if (circle === null) return [];
    const members = [...new Set(circle)].toSorted().join();
    if (told.has(members)) return [];
    told.add(members);
    const index = job.definition.on?.findIndex((link) => link.job === circle.at(-2)) ?? 0;
    return noteOf(job, index, circleSentence(circle));
  });
}

function noteOf({ file, name, placeOf }: FileJob, index: number, message: string): FileComplaint {
  const { line, column } = placeOf(["on", index, "job"]);
  return { file, line, column, path: `jobs.${name}.on.${index}.job`, message };
}

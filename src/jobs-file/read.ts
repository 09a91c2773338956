/** A jobs file as the jobs that it defines, or what is wrong in it, by line: all of it, and in the words that the API has for it. */

import { LineCounter } from "yaml";
import { complaintsOf } from "../api/checked.ts";
import { type FieldComplaint, keyOf } from "../api/field-complaints.ts";
import { definitionComplaints, definitionNotes, schedulesOf } from "../api/job-definition.ts";
import { jobsFileSchema } from "../api/jobs-file-schema.ts";
import type { JobDefinition } from "../core/job.ts";
import type { FileComplaint } from "./complaint.ts";
import { offsetOf, type Place } from "./place.ts";
import { ofProject, PROJECT_DEFAULT, PROJECT_LABEL } from "./project.ts";
import { parseYaml } from "./yaml.ts";

/** One job as a file defines it. */
export interface FileJob {
  name: string;
  project: string;
  definition: JobDefinition;
  file: string;
  line: number;
  /** Where a field of the definition stands in the file. */
  placeOf(path: readonly PropertyKey[]): { line: number; column: number };
}

export interface JobsFile {
  project: string;
  jobs: FileJob[];
  /** What is right and may not be meant, in the order of its lines. */
  notes: FileComplaint[];
}

/**
 * @param file as complaints name it
 * @param nowMs when it is read, which no complaint depends on
 */
export function readJobsFile(
  text: string,
  file: string,
  nowMs: number,
): JobsFile | { complaints: FileComplaint[] } {
  const lines = lineCounter(text);
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const parsed = parseYaml(text);
  const wrong = "complaints" in parsed ? parsed.complaints : [];
  const read = "complaints" in parsed ? parsed.rest : parsed;
  const known = new Set(wrong.map(({ path }) => (path === null ? null : keyOf(path))));
  const ofDocument = read === null ? [] : documentComplaints(read.value);
  const complaints = [
    ...wrong.map(({ offset, path, message }) => ({
      ...at(offset),
      path: path === null ? null : shownPath(path),
      message,
    })),
    ...ofDocument
      .filter(({ path }) => !known.has(keyOf(path)))
      .map(({ path, message }) => ({
        ...at(read === null ? 0 : offsetOf(read.place, path)),
        path: path.length === 0 ? null : shownPath(path),
        message: path.length === 0 ? `the file ${message}` : withQuotes(message),
      })),
  ];
  if (complaints.length > 0 || read === null) return { complaints: complaints.toSorted(byPlace) };
  const { project, jobs } = jobsOf(read.value as Document, read.place, at);
  const notes = jobs.flatMap(({ name, definition }) =>
    definitionNotes(schedulesOf(definition, name), nowMs).map((note) => {
      const path = ["jobs", name, ...note.path];
      return { ...at(offsetOf(read.place, path)), path: shownPath(path), message: note.message };
    }),
  );
  return { project, jobs, notes: notes.toSorted(byPlace) };
}

interface Document {
  project?: string;
  jobs: Record<string, JobDefinition>;
}

function jobsOf(
  { project = PROJECT_DEFAULT, jobs }: Document,
  place: Place,
  at: (offset: number) => { file: string; line: number; column: number },
): Omit<JobsFile, "notes"> {
  const places = place.fields.get("jobs")?.fields;
  return {
    project,
    jobs: Object.entries(jobs).map(([name, definition]) => {
      const { file, line } = at(places?.get(name)?.start ?? 0);
      const placeOf = (path: readonly PropertyKey[]) => at(offsetOf(place, ["jobs", name, ...path]));
      return { name, project, definition, file, line, placeOf };
    }),
  };
}

/** The frame first, then each job by itself: with the project's label, as it will be put. */
function documentComplaints(value: unknown): FieldComplaint[] {
  if (!isObject(value) || !isObject(value.jobs)) return complaintsOf(jobsFileSchema, value);
  const project = typeof value.project === "string" ? value.project : PROJECT_DEFAULT;
  const frame = { ...value, jobs: Object.fromEntries(Object.keys(value.jobs).map((name) => [name, TRIED])) };
  return [
    ...complaintsOf(jobsFileSchema, frame),
    ...Object.entries(value.jobs).flatMap(([name, definition]) =>
      jobComplaints(definition, name, project).map(({ path, message }) => ({
        path: ["jobs", name, ...path],
        message,
      })),
    ),
  ];
}

/** A definition in which nothing is wrong. */
const TRIED = { run: { image: "debian:12", command: ["true"] } };

function jobComplaints(definition: unknown, name: string, project: string): FieldComplaint[] {
  const own = definitionComplaints(definition, name);
  const labels = isObject(definition) && isObject(definition.labels) ? definition.labels : {};
  if (Object.hasOwn(labels, PROJECT_LABEL))
    own.push({
      path: ["labels", PROJECT_LABEL],
      message: "is set by apply; project at the top of the file says which it is",
    });
  return own.length > 0 ? own : definitionComplaints(ofProject(definition as JobDefinition, project), name);
}

function byPlace(a: FileComplaint, b: FileComplaint): number {
  return a.line - b.line || a.column - b.column;
}

function shownPath(path: readonly PropertyKey[]): string {
  return path.map(String).join(".");
}

/** In YAML 8080 is a number and "8080" is text, which is what there is most often to say. */
function withQuotes(message: string): string {
  return /^must be text, not (?:-?[\d.]|true|false|null)/.test(message)
    ? `${message}; quotes make it text`
    : message;
}

function lineCounter(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  return lines;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The pages of a job's versions: all of them, one as it was put with the way back to it, and what is different between two. */

import { type Context, Hono } from "hono";
import type { JobDiffBody, JobVersionBody, ShownJobBody, VersionListBody } from "../api/job-schema.ts";
import { AppError } from "../core/error.ts";
import { Definition } from "./parts/definition.tsx";
import { CompareForm, DiffTable } from "./parts/diff-table.tsx";
import { Layout } from "./parts/layout.tsx";
import { Pages } from "./parts/pages.tsx";
import { Age } from "./parts/times.tsx";
import { howItCame, VersionTable } from "./parts/version-table.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownJobPage } from "./problem.tsx";
import { diffPath, jobPath, versionPath } from "./words/paths.ts";

export function jobVersionPages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/jobs/:name/versions", async (c) => {
    const name = c.req.param("name");
    const text = c.req.query("before");
    const before = text === undefined ? null : numberOf(text, "before");
    const [job, list] = await Promise.all([ports.getJob(name), ports.jobVersions(name, before)]);
    if (list === null) return unknownJob(c);
    return c.html(<VersionsPage name={name} job={job} list={list} before={before} nowMs={ports.now()} />);
  });

  app.get("/jobs/:name/versions/:version", async (c) => {
    const name = c.req.param("name");
    const number = numberOf(c.req.param("version"), "version");
    const [job, version] = await Promise.all([ports.getJob(name), ports.jobVersion(name, number)]);
    if (version === null) return unknownJob(c);
    return c.html(<VersionPage name={name} job={job} version={version} nowMs={ports.now()} />);
  });

  app.get("/jobs/:name/diff", async (c) => {
    const name = c.req.param("name");
    const [from, to] = ["from", "to"].map((field) => numberOf(c.req.query(field) ?? "", field));
    const diff = await ports.jobDiff(name, from ?? 0, to ?? 0);
    return c.html(<DiffPage name={name} diff={diff} nowMs={ports.now()} />);
  });

  app.post("/jobs/:name/rollback", async (c) => {
    const name = c.req.param("name");
    const form = await c.req.parseBody();
    const [version, expected] = ["version", "expected"].map((field) => numberOf(String(form[field]), field));
    const isThere = await ports.rollBackJob(name, version ?? 0, expected ?? 0);
    return isThere ? c.redirect(jobPath(name), 303) : unknownJob(c);
  });

  function unknownJob(c: Context) {
    return c.html(<UnknownJobPage nowMs={ports.now()} />, 404);
  }

  return app;
}

/** @throws AppError `invalid_input` */
function numberOf(text: string, field: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new AppError("invalid_input", `${field} must be the number of a version, from 1`, `query.${field}`);
}

interface VersionsPageProps {
  name: string;
  /** Null where it was deleted. */
  job: ShownJobBody | null;
  list: VersionListBody;
  before: number | null;
  nowMs: number;
}

function VersionsPage({ name, job, list, before, nowMs }: VersionsPageProps) {
  const newest = list.versions[0]?.version ?? 1;
  const path = `${jobPath(name)}/versions`;
  const next =
    list.next_cursor === null ? null : { href: `${path}?before=${list.next_cursor}`, word: "Older" };
  return (
    <Layout title={`Versions of ${name}`} nowMs={nowMs} signedIn={true}>
      <section class="run-head" aria-labelledby="versions-title">
        <Crumbs name={name} job={job} />
        <h1 id="versions-title">{`Versions of ${name}`}</h1>
      </section>
      <VersionTable job={name} inForce={job?.version ?? null} list={list} nowMs={nowMs} isShort={false} />
      <Pages first={before === null ? null : path} next={next} />
      {newest > 1 && <CompareForm name={name} from={newest - 1} to={newest} />}
    </Layout>
  );
}

function Crumbs({ name, job }: { name: string; job: ShownJobBody | null }) {
  return (
    <p class="crumbs">
      <a href="/jobs">Jobs</a> <span aria-hidden="true">/</span>{" "}
      {job === null ? <>{name} (deleted)</> : <a href={jobPath(name)}>{name}</a>}
    </p>
  );
}

interface VersionPageProps {
  name: string;
  job: ShownJobBody | null;
  version: JobVersionBody;
  nowMs: number;
}

function VersionPage({ name, job, version, nowMs }: VersionPageProps) {
  const { version: number } = version;
  const isInForce = job?.version === number;
  return (
    <Layout title={`${name}, version ${number}`} nowMs={nowMs} signedIn={true}>
      <section class="run-head" aria-labelledby="version-title">
        <Crumbs name={name} job={job} />
        <div class="title">
          <h1 id="version-title">{`Version ${number}`}</h1>
          {job !== null && !isInForce && (
            <form method="post" action={`${jobPath(name)}/rollback`}>
              <input type="hidden" name="version" value={String(number)} />
              <input type="hidden" name="expected" value={String(job.version)} />
              <button class="plain" type="submit" id="rollback">
                Put into force again
              </button>
            </form>
          )}
        </div>
        <div class="state">
          {isInForce && <span class="badge word ran">In force</span>}
          <span class="muted">
            {howItCame(version)} <Age at={version.created_at} nowMs={nowMs} />
          </span>
          {number > 1 && <a href={diffPath(name, number - 1, number)}>What it changed</a>}
          {job !== null && !isInForce && (
            <a href={diffPath(name, number, job.version)}>Compare with the one in force</a>
          )}
          <a href={`${jobPath(name)}/versions`}>All versions</a>
        </div>
      </section>
      <Definition title="Definition" definition={version} />
    </Layout>
  );
}

function DiffPage({ name, diff, nowMs }: { name: string; diff: JobDiffBody; nowMs: number }) {
  const { from, to } = diff;
  return (
    <Layout title={`${name}, versions ${from} and ${to}`} nowMs={nowMs} signedIn={true}>
      <section class="run-head" aria-labelledby="diff-title">
        <p class="crumbs">
          <a href="/jobs">Jobs</a> <span aria-hidden="true">/</span> <a href={jobPath(name)}>{name}</a>{" "}
          <span aria-hidden="true">/</span> <a href={`${jobPath(name)}/versions`}>Versions</a>
        </p>
        <h1 id="diff-title">
          From <a href={versionPath(name, from)}>{`version ${from}`}</a> to{" "}
          <a href={versionPath(name, to)}>{`version ${to}`}</a>
        </h1>
      </section>
      <DiffTable diff={diff} />
      <CompareForm name={name} from={from} to={to} />
    </Layout>
  );
}

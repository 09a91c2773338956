/** Pages for what can not be shown. */

import type { ErrorHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { AppError, type Complaint, type ErrorCode } from "../core/error.ts";
import { COMPLAINTS_TOLD_MAX, DAY_MS, DELIVERIES_KEPT_MS } from "../core/limits.ts";
import { Layout } from "./parts/layout.tsx";

interface ProblemProps {
  title: string;
  sentence: string;
  /** What else is wrong. */
  others?: readonly Complaint[];
  nowMs: number;
  signedIn?: boolean;
}

export function ProblemPage({ title, sentence, others = [], nowMs, signedIn = true }: ProblemProps) {
  return (
    <Layout title={title} nowMs={nowMs} signedIn={signedIn}>
      <section class="card narrow">
        <h1>{title}</h1>
        <p>{sentence}</p>
        {others.length > 0 && (
          <ul>
            {others.map(({ path, message }) => (
              <li>{path === null ? message : `${path}: ${message}`}</li>
            ))}
          </ul>
        )}
        <p>
          <a href="/">All runs</a>
        </p>
      </section>
    </Layout>
  );
}

/** Does not repeat what was asked for. */
export function UnknownRunPage({ nowMs }: { nowMs: number }) {
  return (
    <ProblemPage
      title="No such run"
      sentence="There is no run of this id, or no such output of it."
      nowMs={nowMs}
    />
  );
}

export function UnknownJobPage({ nowMs }: { nowMs: number }) {
  return (
    <ProblemPage
      title="No such job"
      sentence="There is no job of this name, or it was deleted, or it has no such version any more."
      nowMs={nowMs}
    />
  );
}

export function UnknownSchedulePage({ nowMs }: { nowMs: number }) {
  return (
    <ProblemPage
      title="No such schedule"
      sentence="There is no schedule of this name, and never was a due time of one."
      nowMs={nowMs}
    />
  );
}

export function UnknownHookPage({ nowMs }: { nowMs: number }) {
  return (
    <ProblemPage
      title="No such hook"
      sentence="There is no hook of this name, or no job of it, and nobody ever called one."
      nowMs={nowMs}
    />
  );
}

export function UnknownDeliveryPage({ nowMs }: { nowMs: number }) {
  return (
    <ProblemPage
      title="No such delivery"
      sentence={`There is no delivery of this id in the ledger of this hook, which tells of the last ${DELIVERIES_KEPT_MS / DAY_MS} days.`}
      nowMs={nowMs}
    />
  );
}

export function UnknownReportPage({ nowMs }: { nowMs: number }) {
  return (
    <ProblemPage
      title="No such report"
      sentence="This hook has no report of this id, or it is too old to be kept."
      nowMs={nowMs}
    />
  );
}

export function UnknownWebhookPage({ nowMs }: { nowMs: number }) {
  return (
    <ProblemPage
      title="No such webhook"
      sentence="There is no webhook of this id, or it was deleted."
      nowMs={nowMs}
    />
  );
}

export function UnknownNotificationPage({ nowMs }: { nowMs: number }) {
  return (
    <ProblemPage
      title="No such notification"
      sentence="This webhook has no notification of this id, or it is too old to be kept."
      nowMs={nowMs}
    />
  );
}

/** Errors that people can do something about. */
const STATUS: Partial<Record<ErrorCode, 400 | 404 | 409 | 503>> = {
  invalid_input: 400,
  invalid_json: 400,
  not_found: 404,
  version_conflict: 409,
  unavailable: 503,
};

/** An error for the person who reads it: ours with its sentence, any other without a word of its own. */
export function problemHandler(now: () => number): ErrorHandler {
  return function problem(error, c) {
    if (error instanceof HTTPException)
      return c.html(
        <ProblemPage
          title="Refused"
          sentence={
            error.status === 413
              ? "This is more than a form of this page can have in it."
              : "This request did not come from a page of this Mayfly."
          }
          nowMs={now()}
        />,
        error.status,
      );
    const status = error instanceof AppError ? STATUS[error.code] : undefined;
    if (error instanceof AppError && status !== undefined)
      return c.html(
        <ProblemPage
          title="That does not work"
          sentence={`${error.message}.`}
          others={error.others.slice(0, COMPLAINTS_TOLD_MAX - 1)}
          nowMs={now()}
        />,
        status,
      );
    console.error(error);
    return c.html(
      <ProblemPage title="Something went wrong" sentence="Please try again in a moment." nowMs={now()} />,
      500,
    );
  };
}

/** Pages for what can not be shown. */

import type { ErrorHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { AppError } from "../core/error.ts";
import { Layout } from "./parts/layout.tsx";

interface ProblemProps {
  title: string;
  sentence: string;
  nowMs: number;
  signedIn?: boolean;
}

export function ProblemPage({ title, sentence, nowMs, signedIn = true }: ProblemProps) {
  return (
    <Layout title={title} nowMs={nowMs} signedIn={signedIn}>
      <section class="card narrow">
        <h1>{title}</h1>
        <p>{sentence}</p>
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

/** An error for the person who reads it: ours with its sentence, any other without a word of its own. */
export function problemHandler(now: () => number): ErrorHandler {
  return function problem(error, c) {
    if (error instanceof HTTPException)
      return c.html(
        <ProblemPage
          title="Refused"
          sentence="This request did not come from a page of this Mayfly."
          nowMs={now()}
        />,
        error.status,
      );
    if (error instanceof AppError && (error.code === "invalid_input" || error.code === "not_found"))
      return c.html(
        <ProblemPage title="That does not work" sentence={`${error.message}.`} nowMs={now()} />,
        error.code === "not_found" ? 404 : 400,
      );
    console.error(error);
    return c.html(
      <ProblemPage title="Something went wrong" sentence="Please try again in a moment." nowMs={now()} />,
      500,
    );
  };
}

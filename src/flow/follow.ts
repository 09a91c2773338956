/**
 * Following a run's output while it goes on. Only stored output is told, so whoever comes back with the last position misses
 * nothing and sees nothing twice. The driver's news says what is worth reading, so that a follower reads only what is new.
 */

import { AppError } from "../core/error.ts";
import { FOLLOW_READS_MAX, WATCHERS_MAX } from "../core/limits.ts";
import { type ChunkPosition, isAfter, OUTPUT_START } from "../core/output.ts";
import { isFinal, type RunState } from "../core/run.ts";
import { hasSteps } from "../core/step/spec.ts";
import { type StepState, stepStates } from "../core/step/state.ts";
import { type FilledChunk, filled, type OutputPorts, storedPages } from "./output.ts";
import type { Drivers, News } from "./ports.ts";

export type FollowPorts = OutputPorts & { drivers: Drivers };

/**
 * What a follower is told, in order: output, and at last the run's outcome, or that this connection has made its share of reads. Of a run of
 * steps also how each stands, whenever that is news: where its section begins before any of it is told.
 */
export type Followed =
  | { kind: "output"; chunk: FilledChunk }
  | { kind: "step"; attempt: number; step: StepState }
  | { kind: "end"; state: RunState }
  | { kind: "resume" };

/**
 * Follows a run's output from a position: what is stored, then what is stored next, then the outcome.
 * @param state the run as it was loaded just now
 * @throws AppError `too_many_watchers`, before anything is told
 */
export async function followOutput(
  ports: FollowPorts,
  state: RunState,
  after: ChunkPosition,
  signal: AbortSignal,
  readsMax = FOLLOW_READS_MAX,
): Promise<AsyncGenerator<Followed>> {
  // A run that is over needs no driver. Of any other, watching begins before reading: what is stored in between is announced.
  const news = isFinal(state.run.status) ? noNews() : await ports.drivers.watch(state.run.id, signal);
  if (news === null)
    throw new AppError(
      "too_many_watchers",
      `${WATCHERS_MAX} watch this run already, which is as many as can; come back in a few seconds`,
    );
  return tell(ports, state, news, after, signal, readsMax);
}

async function* noNews(): AsyncGenerator<News> {}

async function* tell(
  ports: FollowPorts,
  first: RunState,
  firstNews: AsyncIterable<News>,
  after: ChunkPosition,
  signal: AbortSignal,
  readsMax: number,
): AsyncGenerator<Followed> {
  const { id } = first.run;
  const { counted, reads } = countedReads(ports);
  const isOfSteps = hasSteps(first.run.spec);
  const newsOfSteps = stepTeller(after.attempt);
  let state = first;
  let position = after;
  /** Up to where `state` says which steps have written: all that is stored with it, or before. */
  let described = OUTPUT_START;

  /** What is stored by now. True once all is told that this connection will tell. */
  async function* catchUp(): AsyncGenerator<Followed, boolean> {
    const wasFinal = isFinal(state.run.status);
    if (isOfSteps) yield* newsOfSteps(state);
    pages: for await (const { chunks, last } of storedPages(counted.store, id, position)) {
      if (isOfSteps && !wasFinal && isAfter(last, described)) {
        state = (await counted.store.load(id)) ?? state;
        described = last;
        yield* newsOfSteps(state);
      }
      for (const chunk of chunks) {
        position = chunk;
        yield { kind: "output", chunk: await filled(counted.blobs, chunk) };
        if (reads.made >= readsMax) break pages;
      }
    }
    const spent = reads.made >= readsMax;
    if (spent) yield { kind: "resume" };
    // A run that was final before its output was read has all of it stored.
    else if (wasFinal) yield { kind: "end", state };
    return spent || wasFinal;
  }

  if (yield* catchUp()) return;
  let known = position;
  let news: AsyncIterable<News> | null = firstNews;
  while (news !== null && !signal.aborted) {
    for await (const hint of news) {
      const version = isOfSteps ? hint.version : undefined;
      const hasMoved = version !== undefined && version > state.run.version;
      if (hint.final || hint.position === null || hasMoved) state = (await counted.store.load(id)) ?? state;
      else if (!isAfter(hint.position, known)) continue;
      if (version !== undefined && hint.position !== null && isAfter(hint.position, described))
        described = hint.position;
      if (yield* catchUp()) return;
      known = hint.position !== null && isAfter(hint.position, position) ? hint.position : position;
    }
    // A driver that lets everybody go at once must not be asked without end.
    reads.made += 1;
    if (reads.made >= readsMax) break;
    if (!signal.aborted) news = await ports.drivers.watch(id, signal);
  }
  // Another took the place that was lost with the driver, or this connection has had its share: who comes back is told more.
  if (!signal.aborted) yield { kind: "resume" };
}

/** Tells of each step how it stands, where it does not stand as it was told last; nothing of attempts before `firstAttempt`. */
function stepTeller(firstAttempt: number): (state: RunState) => Generator<Followed> {
  const told = new Map<string, string>();
  return function* news({ run, attempts }) {
    for (const attempt of attempts) {
      if (attempt.number < firstAttempt) continue;
      for (const step of stepStates(run.spec, attempt)) {
        const name = `${attempt.number}.${step.step.number}`;
        const how = `${step.state} ${step.record?.state}`;
        if (step.state === "waiting" || told.get(name) === how) continue;
        told.set(name, how);
        yield { kind: "step", attempt: attempt.number, step };
      }
    }
  };
}

/** The same ports, with their reads counted. */
function countedReads({ store, blobs }: OutputPorts) {
  const reads = { made: 0 };
  const count = <T>(answer: T): T => {
    reads.made += 1;
    return answer;
  };
  const counted = {
    store: {
      load: (runId: string) => count(store.load(runId)),
      readOutput: (runId: string, after: ChunkPosition, limit: number) =>
        count(store.readOutput(runId, after, limit)),
    },
    blobs: { get: (key: string) => count(blobs.get(key)) },
  };
  return { counted, reads };
}

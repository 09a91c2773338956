/** The APIs where commits' statuses are set, and all that was ever set there. */

import type { CommitState } from "../../../src/core/commit-status/state.ts";
import type { CommitStatus } from "../../../src/core/commit-status/status.ts";
import type { SendStatus } from "../../../src/flow/ports/reports.ts";
import type { World } from "./world.ts";

/** A status that was set. */
export interface SetStatus {
  at: number;
  /** Repository, commit and context: of one of these the last one that was set is shown. */
  place: string;
  runId: string;
  state: CommitState;
}

export class Commits {
  /** In order. */
  readonly set: SetStatus[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  static placeOf({ repository, sha, context }: Pick<CommitStatus, "repository" | "sha" | "context">): string {
    return `${repository.full_name} ${sha} ${context}`;
  }

  /** One attempt, with its way there and back. */
  readonly send: SendStatus = async (_orgId, status) => {
    const { chance, time, workerClock, trace } = this.#world;
    const [at, beganAt] = [workerClock.now(), time.now()];
    await time.sleep(chance.between("a status is on its way", 1, 150));
    const result = (code: number | null, error: string | null) => ({
      ...{ at, ms: time.now() - beganAt, status: code, answer: code === null ? null : "" },
      ...{ error, retryAfterMs: null },
    });
    if (chance.fault("a commit's API is down", 0.2)) return result(null, "connection refused");
    if (chance.fault("a commit's API answers 500", 0.1)) return result(500, "it answered 500");
    const { run_id: runId, state } = status;
    trace.say(`run ${runId} is told of as ${state} on ${status.sha.slice(0, 7)}`);
    this.set.push({ at: time.now(), place: Commits.placeOf(status), runId, state });
    if (chance.fault("lost answer of a commit's API", 0.1)) return result(null, "connection reset");
    await time.sleep(chance.between("a commit's API answers in", 1, 150));
    return result(201, null);
  };
}

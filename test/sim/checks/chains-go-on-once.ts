import type { HandoverVerdict } from "../../../src/core/chain/handover.ts";
import { CHAIN_DEPTH_MAX } from "../../../src/core/limits.ts";
import type { FinalStatus, Run } from "../../../src/core/run.ts";
import { isFinal } from "../../../src/core/run.ts";
import { linksAfter } from "../world/job-book.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

/** For the tick that wakes a notifier whose alarm was lost, and one that rests after failures. */
const SLACK_MS = 8 * 60_000;
const LOOK_EVERY_MS = 30_000;

interface Row {
  root_run_id: string;
  upstream_run_id: string;
  job: string;
  verdict: HandoverVerdict;
  next_at: number | null;
  run_id: string | null;
}

/** A job that is to start after a run. */
interface Wish {
  upstream: Run;
  job: string;
  /** By a right clock. */
  sinceAt: number;
  runId: string | null;
}

export const chainsGoOnOnce: Check = {
  name: "after a run each job that follows it is started once, or it is told why not, and no job is started after nothing",
  begin(world) {
    const { switchboard } = world;
    if (switchboard === null) return {};
    const wishes = new Map<string, Wish>();
    const seen = new Set<string>();
    let lookedAt = 0;
    return {
      onChange({ state: { run } }) {
        const wrong = seen.has(run.id) ? null : wrongStart(world, wishes, run);
        seen.add(run.id);
        if (wrong !== null) return `run ${run.id} ${wrong}`;
        if (!isFinal(run.status) || run.job === null || seen.has(`${run.id} ended`)) return null;
        seen.add(`${run.id} ended`);
        for (const job of switchboard.jobs.following(run.job.name, run.status as FinalStatus))
          wishes.set(`${run.id} ${job}`, { upstream: run, job, sinceAt: world.time.now(), runId: null });
        return null;
      },
      afterStep() {
        const { calmSince, workerClock, time, clockOffMaxMs } = world;
        if (calmSince === null || time.now() - lookedAt < LOOK_EVERY_MS) return null;
        lookedAt = time.now();
        const rows = switchboard.stored.rows<Row>("SELECT * FROM handovers WHERE verdict = 'waiting'");
        for (const { next_at, job, upstream_run_id } of rows) {
          const lateMs = workerClock.now() - Math.max(next_at ?? 0, calmSince) - 2 * clockOffMaxMs;
          if (next_at === null || lateMs > SLACK_MS)
            return `${job} is to start after run ${upstream_run_id}, and waits ${lateMs} ms after its time`;
        }
        return null;
      },
      atEnd() {
        const rows = switchboard.stored.rows<Row>("SELECT * FROM handovers");
        for (const row of rows) {
          const wish = wishes.get(`${row.upstream_run_id} ${row.job}`);
          const wrong = wish ? wrongRow(world, row, wish) : "follows nothing";
          if (wrong !== null) return `${row.job} after run ${row.upstream_run_id} ${wrong}`;
        }
        for (const { upstream, job } of wishes.values())
          if (!rows.some((row) => row.upstream_run_id === upstream.id && row.job === job))
            return `${job} starts after ${upstream.job?.name}, and nothing tells of that after run ${upstream.id}`;
        return null;
      },
    };
  },
};

/** A run that is there for the first time. */
function wrongStart(world: World, wishes: Map<string, Wish>, { id, upstream, job }: Run): string | null {
  if (upstream === null || job === null) return null;
  const wish = wishes.get(`${upstream.runId} ${job.name}`);
  if (!wish) return `is of ${job.name} after run ${upstream.runId}, after which it does not start`;
  if (wish.runId !== null) return `starts ${job.name} after run ${upstream.runId} beside run ${wish.runId}`;
  wish.runId = id;
  const pages = world.switchboard?.jobs.between(job.name, wish.sinceAt, world.time.now()) ?? [];
  if (!pages.some(({ isThere, isPaused, refuses }) => isThere && !isPaused && !refuses))
    return `starts ${job.name}, which was paused, gone or not to be run all the time`;
  const { depth, rootId } = placeOf(world, wish.upstream);
  if (upstream.chain?.depth !== depth || upstream.chain.rootId !== rootId)
    return `is told to be ${upstream.chain?.depth} after ${upstream.chain?.rootId}, and is ${depth} after ${rootId}`;
  return depth > CHAIN_DEPTH_MAX ? `has ${depth} runs before it` : null;
}

/** Of a run that follows one. */
function placeOf(world: World, upstream: Run): { depth: number; rootId: string } {
  let [depth, run] = [1, upstream];
  while (run.upstream !== null) {
    const before = world.store.runs.get(run.upstream.runId)?.state.run;
    if (before === undefined) break;
    [depth, run] = [depth + 1, before];
  }
  return { depth, rootId: run.id };
}

function wrongRow(
  world: World,
  { verdict, run_id }: Row,
  { upstream, job, sinceAt, runId }: Wish,
): string | null {
  if (run_id !== runId) return `is told to be run ${run_id}, and is run ${runId}`;
  const pages = world.switchboard?.jobs.between(job, sinceAt, world.time.now()) ?? [];
  const { status } = upstream;
  const links = pages.map((page) => linksAfter(page, upstream.job?.name ?? "", status as FinalStatus));
  const isOfFork = (upstream.delivery ?? upstream.upstream)?.change?.pullRequest?.isFork === true;
  const may: Record<HandoverVerdict, boolean> = {
    waiting: false,
    started: runId !== null,
    paused: pages.some(({ isPaused }) => isPaused),
    unlinked: pages.some(({ isThere }, index) => !isThere || links[index]?.length === 0),
    withheld: isOfFork && links.some((of) => !of.some((link) => link.from_forks)),
    refused: pages.some(({ refuses }) => refuses),
    bounded: placeOf(world, upstream).depth > CHAIN_DEPTH_MAX,
  };
  return may[verdict] ? null : `is ${verdict}`;
}

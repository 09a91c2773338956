import type { Verdict } from "../../../src/core/hook/verdict.ts";
import type { JobPage } from "../world/job-book.ts";
import type { SentDelivery, SentRef } from "../world/senders.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

/** For an answer that was on its way. */
const ANSWER_MS = 15_000;

interface Row {
  id: string;
  verdict: Verdict;
  run_id: string | null;
  body_bytes: number;
  received_at: number;
  body_sha256: string;
}

export const deliveriesAreTakenOnce: Check = {
  name: "a delivery that is answered is in its ledger, each ref of it once with the one run that it starts, and no other starts any",
  begin(world) {
    const { switchboard, deliveries } = world;
    if (switchboard === null) return {};
    /** By the place in the ledger. */
    const runs = new Map<string, string>();
    return {
      onChange({ state: { run } }) {
        const { delivery, job, originId } = run;
        if (delivery === null || job === null || originId !== null) return null;
        const place = `${job.name}/${delivery.hook} ${delivery.id}`;
        const first = runs.get(place);
        if (first !== undefined)
          return first === run.id ? null : `run ${run.id} is for the delivery of run ${first}`;
        runs.set(place, run.id);
        const sent = deliveries.find(
          ({ source, refs }) => source === delivery.hook && refs.some(({ id }) => id === delivery.id),
        );
        const ref = sent?.refs.find(({ id }) => id === delivery.id);
        if (!sent || !ref || sent.isForged) return `run ${run.id} is for a delivery that nobody sent`;
        if (!mayCome(world, sent, ref).includes("started"))
          return `run ${run.id} is for ${delivery.id}, which was to start none`;
        const row = rowOf(world, sent, ref);
        return row?.run_id === run.id && row.verdict === "started"
          ? null
          : `run ${run.id} is for ${delivery.id}, whose row is ${row?.verdict} with ${row?.run_id}`;
      },
      atEnd() {
        for (const sent of deliveries) {
          const wrong = wrongOf(world, sent);
          if (wrong !== null) return `delivery ${sent.number} ${wrong}`;
        }
        return null;
      },
    };
  },
};

function wrongOf(world: World, sent: SentDelivery): string | null {
  const { answers, refs, isForged, job } = sent;
  const taken = answers.filter(({ kind }) => kind === "recorded");
  if (answers.some(({ kind }) => kind === "unreadable")) return "is told that it can not be read";
  if (isForged) {
    const isRecorded = refs.some((ref) => rowOf(world, sent, ref) !== null);
    return taken.length > 0 || isRecorded ? "is forged, and was let in" : null;
  }
  if (taken.length === 0) {
    // Whoever finds nobody there after the storm gives up.
    const last = world.switchboard?.jobs.between(job, sent.lastAt - ANSWER_MS, sent.lastAt) ?? [];
    const isUnheard = sent.firstAt !== null && last.length > 0 && last.every(isThere);
    return isUnheard ? "was not let in, though it was sent again and again" : null;
  }
  const rows = refs.map((ref) => ({ ref, row: rowOf(world, sent, ref) }));
  for (const { ref, row } of rows) {
    if (row === null) return `was answered, and its ledger has no row for ${ref.id}`;
    if (!mayCome(world, sent, ref).includes(row.verdict)) return `is ${row.verdict} for ${ref.id}`;
    const hasRun = row.run_id !== null && world.store.runs.has(row.run_id);
    if ((row.verdict === "started") !== hasRun) return `is ${row.verdict} with the run ${row.run_id}`;
  }
  for (const { delivery } of taken) {
    const row = rows.find(({ ref }) => ref.id === delivery?.id)?.row;
    if (row?.verdict !== delivery?.verdict || row?.run_id !== delivery?.runId)
      return `was answered ${delivery?.verdict} with ${delivery?.runId}, and its row is ${row?.verdict} with ${row?.run_id}`;
  }
  return null;
}

function rowOf(world: World, { source }: SentDelivery, { id }: SentRef): Row | null {
  const [row = null] =
    world.switchboard?.stored.rows<Row>(
      "SELECT id, verdict, run_id, body_bytes, received_at, body_sha256 FROM deliveries WHERE hook = ? AND id = ?",
      ...[source, id],
    ) ?? [];
  return row;
}

/** By what its job was while calls of it were under way. */
function mayCome(world: World, { job, firstAt, lastAt }: SentDelivery, { isWanted }: SentRef): Verdict[] {
  if (!isWanted) return ["filtered"];
  const until = Math.max(lastAt, world.time.now());
  const pages = world.switchboard?.jobs.between(job, firstAt ?? 0, until).filter(isThere) ?? [];
  return [
    ...(pages.some(({ isPaused, refuses }) => !isPaused && !refuses) ? (["started"] as const) : []),
    ...(pages.some(({ isPaused }) => isPaused) ? (["paused"] as const) : []),
    ...(pages.some(({ refuses }) => refuses) ? (["refused"] as const) : []),
  ];
}

function isThere(page: JobPage | undefined): boolean {
  return page?.isThere === true;
}

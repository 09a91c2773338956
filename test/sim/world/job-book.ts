/** The jobs of a simulated world with hooks, and a book of what each of them said and when. */

import type { LinkDefinition } from "../../../src/core/chain/link.ts";
import type { FinalStatus } from "../../../src/core/run.ts";
import type { JobStore } from "../../../src/flow/ports/jobs.ts";
import type { SqliteD1 } from "../../support/sqlite-d1.ts";
import type { Scheduler } from "../scheduler.ts";

/** What a job is from a moment on. */
export interface JobPage {
  /** By a right clock. */
  fromAt: number;
  isThere: boolean;
  isPaused: boolean;
  refuses: boolean;
  on: readonly LinkDefinition[];
}

interface Row {
  name: string;
  paused_at: number | null;
  deleted_at: number | null;
  definition: string;
}

const CHANGES = new Set(["put", "pause", "delete"]);

/** The links of a job that are for such an end of another's run. */
export function linksAfter({ on }: JobPage, job: string, status: FinalStatus): LinkDefinition[] {
  return on.filter(
    ({ job: other, outcome = "succeeded" }) =>
      other === job && (outcome === "finished" || outcome === status),
  );
}

export class JobBook {
  /** Takes note of each change when it is stored. */
  readonly store: JobStore;
  readonly #pages = new Map<string, JobPage[]>();
  readonly #stored: SqliteD1;
  readonly #time: Scheduler;

  constructor(store: JobStore, stored: SqliteD1, time: Scheduler) {
    this.#stored = stored;
    this.#time = time;
    this.store = new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name);
        if (!CHANGES.has(String(name))) return method;
        return async (...args: unknown[]) => {
          const result = await (method as (...args: unknown[]) => Promise<unknown>).apply(target, args);
          this.#note();
          return result;
        };
      },
    });
  }

  get names(): string[] {
    return [...this.#pages.keys()];
  }

  /** What a job was at any time from one moment to another, the newest last. */
  between(job: string, fromAt: number, toAt: number): JobPage[] {
    const pages = this.#pages.get(job) ?? [];
    const isLater = (index: number) => (pages[index + 1]?.fromAt ?? Number.POSITIVE_INFINITY) >= fromAt;
    return pages.filter((page, index) => page.fromAt <= toAt && isLater(index));
  }

  now(job: string): JobPage | undefined {
    return this.#pages.get(job)?.at(-1);
  }

  /** The jobs that start after such an end of a job's run, as they are now. */
  following(job: string, status: FinalStatus): string[] {
    return this.names.filter((name) => {
      const page = this.now(name);
      return page?.isThere === true && linksAfter(page, job, status).length > 0;
    });
  }

  #note(): void {
    const rows = this.#stored.rows<Row>(
      `SELECT j.name, j.paused_at, j.deleted_at, v.definition FROM jobs j
       JOIN job_versions v ON v.org_id = j.org_id AND v.name = j.name AND v.version = j.version`,
    );
    for (const { name, paused_at, deleted_at, definition } of rows) {
      const { run, on = [] } = JSON.parse(definition);
      const page = {
        isThere: deleted_at === null,
        isPaused: paused_at !== null,
        refuses: run.refuses === true,
        on,
      };
      const pages = this.#pages.get(name) ?? [];
      const { fromAt: _fromAt, ...last } = pages.at(-1) ?? { fromAt: 0 };
      if (JSON.stringify(last) === JSON.stringify(page)) continue;
      this.#pages.set(name, [...pages, { fromAt: this.#time.now(), ...page }]);
    }
  }
}

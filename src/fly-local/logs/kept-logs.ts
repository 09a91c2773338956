/** Lines of logs on disk, in the server's database: a row for what one Machine wrote between two times of keeping. */

import type { DatabaseSync } from "node:sqlite";
import type { LogEntry } from "./logs.ts";

export interface KeptLogs {
  /** Keeps these of an app, in the order of their instants, all or none. */
  keep(app: string, entries: readonly LogEntry[]): void;
  /** All of an app, oldest first. */
  read(app: string): LogEntry[];
  /** The newest of all; 0 where there is none. */
  newest(): bigint;
  /** Drops what is older than this of a Machine, or of all of an app. Lines that were kept together go together. */
  drop(app: string, machine: string | null, before: bigint): void;
  /** The same of all apps. */
  dropAll(before: bigint): void;
}

/** Instants are unix nanoseconds, which fit SQLite's integers until the year 2262. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS logs (
    app TEXT NOT NULL, machine TEXT NOT NULL, region TEXT NOT NULL, last_at INTEGER NOT NULL, lines TEXT NOT NULL,
    PRIMARY KEY (app, machine, last_at)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS logs_by_end ON logs (last_at);
`;

/** How long before `last_at` it was written, the stream, and the text. */
type Line = [number, LogEntry["stream"], string];

interface Row {
  readonly machine: string;
  readonly region: string;
  readonly last_at: bigint;
  readonly lines: string;
}

/** In a database that is there already. */
export function keptLogsIn(db: DatabaseSync): KeptLogs {
  db.exec(SCHEMA);
  const insert = db.prepare("INSERT INTO logs (app, machine, region, last_at, lines) VALUES (?, ?, ?, ?, ?)");
  const select = db.prepare("SELECT machine, region, last_at, lines FROM logs WHERE app = ?");
  const selectNewest = db.prepare("SELECT coalesce(max(last_at), 0) AS last_at FROM logs");
  for (const each of [select, selectNewest]) each.setReadBigInts(true);
  const dropOne = db.prepare("DELETE FROM logs WHERE app = ? AND machine = ? AND last_at < ?");
  const dropApp = db.prepare("DELETE FROM logs WHERE app = ? AND last_at < ?");
  const dropOld = db.prepare("DELETE FROM logs WHERE last_at < ?");
  return {
    keep: (app, entries) => {
      db.exec("BEGIN");
      try {
        for (const [machine, some] of Map.groupBy(entries, (entry) => entry.machine)) {
          const { at: last, region } = some.at(-1) as LogEntry;
          const lines = some.map(({ at, stream, message }): Line => [Number(last - at), stream, message]);
          insert.run(app, machine, region, last, JSON.stringify(lines));
        }
        db.exec("COMMIT");
      } catch (error) {
        db.exec("ROLLBACK");
        throw error;
      }
    },
    read: (app) =>
      (select.all(app) as unknown as Row[]).flatMap(entriesOf).sort((a, b) => (a.at < b.at ? -1 : 1)),
    newest: () => (selectNewest.get() as unknown as { last_at: bigint }).last_at,
    drop: (app, machine, before) => {
      if (machine === null) dropApp.run(app, before);
      else dropOne.run(app, machine, before);
    },
    dropAll: (before) => {
      dropOld.run(before);
    },
  };
}

function entriesOf({ machine, region, last_at, lines }: Row): LogEntry[] {
  return (JSON.parse(lines) as Line[]).map(([before, stream, message]) => ({
    at: last_at - BigInt(before),
    message,
    stream,
    machine,
    region,
  }));
}

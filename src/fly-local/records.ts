/**
 * Small things kept on disk beside the Machines, each under a kind, its app and a key: apps, volumes, snapshots, secrets.
 * They are few, so whoever owns a kind reads it once at the start and keeps it in memory.
 */

import type { DatabaseSync } from "node:sqlite";

export interface Kept<T> {
  readonly app: string;
  readonly key: string;
  readonly facts: T;
}

export interface Records {
  all<T>(kind: string): Kept<T>[];
  put(kind: string, app: string, key: string, facts: object): void;
  remove(kind: string, app: string, key: string): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, app TEXT NOT NULL, key TEXT NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (kind, app, key)
  ) WITHOUT ROWID;
`;

/** In a database that is there already: opening one more would be most of the server's start. */
export function recordsIn(db: DatabaseSync): Records {
  db.exec(SCHEMA);
  const select = db.prepare("SELECT app, key, facts FROM records WHERE kind = ?");
  const put = db.prepare("INSERT OR REPLACE INTO records (kind, app, key, facts) VALUES (?, ?, ?, ?)");
  const remove = db.prepare("DELETE FROM records WHERE kind = ? AND app = ? AND key = ?");
  return {
    all: <T>(kind: string) =>
      (select.all(kind) as unknown as { app: string; key: string; facts: string }[]).map((row) => ({
        app: row.app,
        key: row.key,
        facts: JSON.parse(row.facts) as T,
      })),
    put: (kind, app, key, facts) => {
      put.run(kind, app, key, JSON.stringify(facts));
    },
    remove: (kind, app, key) => {
      remove.run(kind, app, key);
    },
  };
}

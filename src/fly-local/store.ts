/**
 * Machines on disk: one statement for each change, in a file that is never waited for. The working state is in memory
 * (`host.ts`); here is what a restart needs, and the destroyed ones, which stay readable for two days.
 */

import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { WireConfig } from "../fly/wire.ts";
import { type KeptLogs, keptLogsIn } from "./logs/kept-logs.ts";
import { type Machine, UNTOUCHED } from "./machines/machine.ts";
import type { Position } from "./position.ts";
import { type Records, recordsIn } from "./records.ts";

export interface Store {
  /** Adds a Machine with its config. */
  insert(machine: Machine): void;
  /** Keeps what can change without a new version: all but the config. */
  update(machine: Machine): void;
  updateConfig(machine: Machine): void;
  get(app: string, id: string): Machine | null;
  /** Keeps the version and the config that a Machine is about to lose, perhaps not for the first time. */
  keepVersion(machine: Machine): void;
  /** Versions that were replaced, newest first; one that came back is still among them. */
  pastVersions(id: string): { version: string; config: WireConfig }[];
  /** Destroyed Machines of an app whose metadata hold all of these, newest first. */
  destroyed(app: string, metadata: ReadonlyMap<string, string>): Machine[];
  /** Destroyed Machines of all apps from a place in their order on, by the instant of their end and their id. */
  destroyedAfter(after: Position, count: number): Machine[];
  /** All that are not destroyed. */
  undestroyed(): Machine[];
  dropDestroyedBefore(instant: number): void;
  /** What is kept beside Machines, in the same file. */
  readonly records: Records;
  readonly logs: KeptLogs;
  close(): void;
}

/** The config has a table of its own: it can hold megabytes of files and is not written again at each transition. */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS machines (
    id TEXT PRIMARY KEY, app TEXT NOT NULL, destroyed_at INTEGER, facts TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS machines_by_end ON machines (destroyed_at, app);
  CREATE TABLE IF NOT EXISTS configs (id TEXT PRIMARY KEY, metadata TEXT NOT NULL, config TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS versions (
    id TEXT NOT NULL, version TEXT NOT NULL, config TEXT NOT NULL, PRIMARY KEY (id, version)
  );
`;

/** Secrets are in it, and what configs hold. */
const OWNER_ONLY = 0o600;

interface Row {
  facts: string;
  config: string;
}

export function openStore(directory: string): Store {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "machines.sqlite");
  const db = new DatabaseSync(path);
  chmodSync(path, OWNER_ONLY);
  db.exec(SCHEMA);
  const insertFacts = db.prepare("INSERT INTO machines (id, app, destroyed_at, facts) VALUES (?, ?, ?, ?)");
  const insertConfig = db.prepare("INSERT OR REPLACE INTO configs (id, metadata, config) VALUES (?, ?, ?)");
  const updateFacts = db.prepare("UPDATE machines SET destroyed_at = ?, facts = ? WHERE id = ?");
  const join_ = "SELECT facts, config FROM machines JOIN configs USING (id)";
  const selectOne = db.prepare(`${join_} WHERE id = ? AND app = ?`);
  const selectUndestroyed = db.prepare(`${join_} WHERE destroyed_at IS NULL`);
  const selectEnds = db.prepare(
    "SELECT id, metadata FROM machines JOIN configs USING (id) WHERE app = ? AND destroyed_at IS NOT NULL ORDER BY destroyed_at DESC",
  );
  const selectEndsAfter = db.prepare(
    `${join_} WHERE (destroyed_at, id) > (?, ?) ORDER BY destroyed_at, id LIMIT ?`,
  );
  const insertVersion = db.prepare("INSERT OR REPLACE INTO versions (id, version, config) VALUES (?, ?, ?)");
  const selectVersions = db.prepare("SELECT version, config FROM versions WHERE id = ? ORDER BY rowid DESC");
  const putConfig = (machine: Machine) =>
    insertConfig.run(
      machine.id,
      JSON.stringify(machine.config.metadata ?? {}),
      JSON.stringify(machine.config),
    );
  const get = (app: string, id: string) => {
    const row = selectOne.get(id, app) as unknown as Row | undefined;
    return row === undefined ? null : fromRow(row);
  };
  return {
    insert: (machine) => {
      putConfig(machine);
      insertFacts.run(machine.id, machine.app, endedAt(machine), facts(machine));
    },
    update: (machine) => {
      updateFacts.run(endedAt(machine), facts(machine), machine.id);
    },
    updateConfig: (machine) => {
      putConfig(machine);
    },
    get,
    keepVersion: ({ id, instanceId, config }) => {
      insertVersion.run(id, instanceId, JSON.stringify(config));
    },
    pastVersions: (id) => {
      const rows = selectVersions.all(id) as unknown as { version: string; config: string }[];
      return rows.map(({ version, config }) => ({ version, config: JSON.parse(config) as WireConfig }));
    },
    destroyed: (app, metadata) => {
      const ends = selectEnds.all(app) as unknown as { id: string; metadata: string }[];
      return ends
        .filter((end) => metadata.size === 0 || holds(JSON.parse(end.metadata), metadata))
        .flatMap((end) => get(app, end.id) ?? []);
    },
    destroyedAfter: ({ updatedAt, id }, count) =>
      (selectEndsAfter.all(updatedAt, id, count) as unknown as Row[]).map(fromRow),
    undestroyed: () => (selectUndestroyed.all() as unknown as Row[]).map(fromRow),
    dropDestroyedBefore: (instant) => {
      for (const table of ["configs", "versions"])
        db.prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM machines WHERE destroyed_at < ?)`).run(
          instant,
        );
      db.prepare("DELETE FROM machines WHERE destroyed_at < ?").run(instant);
    },
    records: recordsIn(db),
    logs: keptLogsIn(db),
    close: () => db.close(),
  };
}

/** Whether a Machine's metadata hold every one of the asked pairs. */
export function holds(metadata: Record<string, string>, asked: ReadonlyMap<string, string>): boolean {
  return [...asked].every(([key, value]) => metadata[key] === value);
}

function endedAt(machine: Machine): number | null {
  return machine.state === "destroyed" ? machine.updatedAt : null;
}

function facts(machine: Machine): string {
  const { config, ...rest } = machine;
  return JSON.stringify(rest);
}

function fromRow(row: Row): Machine {
  return {
    // What this server has come to know of Machines since it stored this one.
    ...UNTOUCHED,
    ...(JSON.parse(row.facts) as Omit<Machine, "config">),
    config: JSON.parse(row.config) as WireConfig,
  };
}

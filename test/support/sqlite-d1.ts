/**
 * D1 in memory: the interface of a D1 database over SQLite itself, with all migrations, so that tests that move the clock have the
 * product's own statements and triggers. It keeps the contracts in `test/contracts`, as D1 does. Every call is done when it is made.
 */

import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

const MIGRATIONS = new URL("../../migrations/", import.meta.url);

let migrated: Uint8Array | null = null;

/** The migrations take longer than all that most tests ask: they are made once, and copied. */
function migratedDatabase(): Uint8Array {
  if (migrated !== null) return migrated;
  const database = new DatabaseSync(":memory:");
  const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql"));
  for (const file of files.sort()) database.exec(readFileSync(new URL(file, MIGRATIONS), "utf8"));
  migrated = database.serialize();
  database.close();
  return migrated;
}

type Row = Record<string, unknown>;

interface Prepared {
  statement: StatementSync;
  /** Whether it gives rows: to ask that each time takes longer than most statements. */
  hasRows: boolean;
}

interface Bound extends Prepared {
  values: SQLInputValue[];
}

/**
 * What D1 takes: workerd sets these for each database (`setupSecurity` in its `sqlite.c++`), and Cloudflare's page on D1's limits names most of them.
 */
const LIMITS = {
  length: 2_200_000,
  sqlLength: 100_000,
  column: 100,
  exprDepth: 100,
  compoundSelect: 5,
  vdbeOp: 25_000,
  functionArg: 127,
  attach: 0,
  likePatternLength: 50,
  variableNumber: 100,
  triggerDepth: 10,
};

export class SqliteD1 {
  readonly sqlite = new DatabaseSync(":memory:", { limits: LIMITS });
  readonly #statements = new Map<string, Prepared>();

  constructor() {
    this.sqlite.deserialize(migratedDatabase());
  }

  /** For whoever takes a `D1Database`. */
  get database(): D1Database {
    return this as unknown as D1Database;
  }

  prepare(query: string) {
    return this.#statement({ ...this.#prepared(query), values: [] });
  }

  /** All or nothing. */
  async batch(statements: { bound: Bound }[]): Promise<{ results: Row[]; meta: { changes: number } }[]> {
    this.sqlite.exec("BEGIN");
    try {
      const results = statements.map(({ bound }) => executed(bound));
      this.sqlite.exec("COMMIT");
      return results;
    } catch (error) {
      this.sqlite.exec("ROLLBACK");
      throw error;
    }
  }

  /** What is stored, for whoever checks it. */
  rows<T>(query: string, ...values: SQLInputValue[]): T[] {
    return this.#prepared(query).statement.all(...values) as T[];
  }

  #prepared(query: string): Prepared {
    const known = this.#statements.get(query);
    if (known) return known;
    const statement = this.sqlite.prepare(query);
    const prepared = { statement, hasRows: statement.columns().length > 0 };
    this.#statements.set(query, prepared);
    return prepared;
  }

  #statement(bound: Bound) {
    return {
      bound,
      bind: (...values: unknown[]) => this.#statement({ ...bound, values: values.map(sqlValue) }),
      all: async () => executed(bound),
      run: async () => executed(bound),
      first: async (column?: string) => {
        const [row] = executed(bound).results;
        return row === undefined ? null : column === undefined ? row : row[column];
      },
      raw: async () => executed(bound).results.map((row) => Object.values(row)),
    };
  }
}

/** As D1 gives rows and counts changes. */
function executed({ statement, hasRows, values }: Bound): { results: Row[]; meta: { changes: number } } {
  if (hasRows) {
    const results = statement.all(...values) as Row[];
    return { results: results.map(plain), meta: { changes: results.length } };
  }
  return { results: [], meta: { changes: Number(statement.run(...values).changes) } };
}

/** D1 gives bytes as lists of numbers. */
function plain(row: Row): Row {
  for (const [name, value] of Object.entries(row))
    if (value instanceof Uint8Array) row[name] = Array.from(value);
  return row;
}

function sqlValue(value: unknown): SQLInputValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value === undefined) throw new TypeError("D1 takes no undefined");
  return value as SQLInputValue;
}

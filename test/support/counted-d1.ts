/** A D1 database that counts what it is asked: statements, and rows read and written with all indexes, as Cloudflare bills them. */

export interface D1Counts {
  statements: number;
  /** The same with those of batches that came to nothing. */
  sent: number;
  /** Times that it was asked: a batch is one. */
  calls: number;
  rowsRead: number;
  rowsWritten: number;
}

/** Wraps a database; drizzle notices nothing. */
export function countedD1(database: D1Database): { database: D1Database; counts: D1Counts } {
  const counts: D1Counts = { statements: 0, sent: 0, calls: 0, rowsRead: 0, rowsWritten: 0 };
  const originals = new WeakMap<object, D1PreparedStatement>();
  const note = <T extends { meta: D1Meta }>(result: T): T => {
    counts.statements += 1;
    counts.rowsRead += result.meta.rows_read;
    counts.rowsWritten += result.meta.rows_written;
    return result;
  };
  const sending = <T>(statements: number, answer: () => Promise<T>): Promise<T> => {
    counts.sent += statements;
    counts.calls += 1;
    return answer();
  };
  const counted = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => counted(statement.bind(...values)),
      run: async () => note(await sending(1, () => statement.run())),
      all: async () => note(await sending(1, () => statement.all())),
      first: async (...column: [string]) => {
        counts.statements += 1;
        return sending(1, () => statement.first(...column));
      },
      // Raw rows come without their counts, objects with them.
      raw: async () =>
        note(await sending(1, () => statement.all<Record<string, unknown>>())).results.map(Object.values),
    } as unknown as D1PreparedStatement;
    originals.set(wrapped, statement);
    return wrapped;
  };
  const wrapped = {
    prepare: (query: string) => counted(database.prepare(query)),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await sending(statements.length, () =>
        database.batch(statements.map((statement) => originals.get(statement) ?? statement)),
      );
      return results.map(note);
    },
  } as unknown as D1Database;
  return { database: wrapped, counts };
}

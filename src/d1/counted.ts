/** A D1 database that counts the statements it is sent, for whoever shares an invocation's queries with others. */

/** Wraps a database; drizzle notices nothing. Each statement of a batch counts, also of one that comes to nothing. */
export function countedStatements(database: D1Database): { database: D1Database; sent: () => number } {
  let sent = 0;
  const originals = new WeakMap<object, D1PreparedStatement>();
  const noted = <T>(statements: number, answer: T): T => {
    sent += statements;
    return answer;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      run: () => noted(1, statement.run()),
      all: () => noted(1, statement.all()),
      first: (...column: [string]) => noted(1, statement.first(...column)),
      raw: (...options: []) => noted(1, statement.raw(...options)),
    } as D1PreparedStatement;
    originals.set(wrapped, statement);
    return wrapped;
  };
  const wrapped = {
    prepare: (query: string) => wrap(database.prepare(query)),
    batch: (statements: D1PreparedStatement[]) =>
      noted(
        statements.length,
        database.batch(statements.map((statement) => originals.get(statement) ?? statement)),
      ),
  } as D1Database;
  return { database: wrapped, sent: () => sent };
}

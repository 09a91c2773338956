/** A process that is killed before one of its calls: nothing that it asks from then on happens. */

export class Mortal {
  #calls = 0;
  readonly #lives: number;

  /** @param lives how many calls it makes before it dies */
  constructor(lives = Number.POSITIVE_INFINITY) {
    this.#lives = lives;
  }

  get isDead(): boolean {
    return this.#calls > this.#lives;
  }

  async call<T>(make: () => Promise<T>): Promise<T> {
    this.#calls += 1;
    if (this.isDead) throw new Error("killed");
    return make();
  }

  /** The same port, whose calls are this one's. */
  through<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        return typeof method === "function"
          ? (...args: unknown[]) => this.call(async () => method.apply(target, args))
          : method;
      },
    });
  }

  /** The same database: of a batch, which is one call, all happens or nothing. Drizzle notices nothing. */
  database(database: D1Database): D1Database {
    const originals = new WeakMap<object, D1PreparedStatement>();
    const mortal = (statement: D1PreparedStatement): D1PreparedStatement => {
      const wrapped = {
        bind: (...values: unknown[]) => mortal(statement.bind(...values)),
        run: () => this.call(() => statement.run()),
        all: () => this.call(() => statement.all()),
        first: (...column: [string]) => this.call(() => statement.first(...column)),
        raw: () => this.call(() => statement.raw()),
      } as unknown as D1PreparedStatement;
      originals.set(wrapped, statement);
      return wrapped;
    };
    return {
      prepare: (query: string) => mortal(database.prepare(query)),
      batch: (statements: D1PreparedStatement[]) =>
        this.call(() => database.batch(statements.map((statement) => originals.get(statement) ?? statement))),
    } as unknown as D1Database;
  }
}

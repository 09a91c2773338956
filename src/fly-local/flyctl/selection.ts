/**
 * Reads as much of a GraphQL document as it takes to answer one: which fields are wanted, under which names and with which
 * arguments (https://spec.graphql.org/October2021/). Types and directives are passed over.
 */

export interface Field {
  readonly name: string;
  /** The name in the answer. */
  readonly alias: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Empty for a value. */
  readonly fields: readonly Field[];
}

export interface Document {
  readonly kind: "query" | "mutation" | "subscription";
  readonly fields: readonly Field[];
}

const TOKEN = /\.\.\.|[A-Za-z_]\w*|\$[A-Za-z_]\w*|-?\d+(?:\.\d+)?|"(?:[^"\\]|\\.)*"|[{}()[\]:=!@|&]/y;
const SKIPPED = /(?:[\s,\uFEFF]|#[^\n]*)*/y;
/** Deeper than any client's query, and no trouble for the stack. */
const DEPTH_MAX = 50;
/** Fragments in fragments can be many times what was sent. */
const FIELDS_MAX = 10_000;

type Variables = Readonly<Record<string, unknown>>;

/** @throws SyntaxError where this is no document with one operation */
export function readDocument(text: string, variables: Variables): Document {
  const reader = new Reader(tokensOf(text), variables);
  return reader.document();
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; ; ) {
    SKIPPED.lastIndex = at;
    SKIPPED.exec(text);
    at = SKIPPED.lastIndex;
    if (at >= text.length) return tokens;
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) throw new SyntaxError(`"${text.slice(at, at + 10)}" is not expected`);
    tokens.push(token);
    at += token.length;
  }
}

class Reader {
  readonly #tokens: readonly string[];
  readonly #variables: Variables;
  readonly #fragments = new Map<string, number>();
  #at = 0;
  #depth = 0;
  #count = 0;

  constructor(tokens: readonly string[], variables: Variables) {
    this.#tokens = tokens;
    this.#variables = variables;
  }

  document(): Document {
    let operation: { kind: Document["kind"]; at: number } | null = null;
    while (this.#at < this.#tokens.length) {
      const word = this.#peek() === "{" ? "query" : this.#next();
      if (word === "fragment") this.#fragments.set(this.#peek(), this.#at);
      else if (word !== "query" && word !== "mutation" && word !== "subscription")
        throw new SyntaxError(`"${word}" is not expected`);
      while (this.#peek() !== "{") {
        if (this.#peek() === "(") this.#pass();
        else this.#next();
      }
      if (word !== "fragment") operation ??= { kind: word, at: this.#at };
      this.#pass();
    }
    if (operation === null) throw new SyntaxError("there is no operation");
    this.#at = operation.at;
    return { kind: operation.kind, fields: this.#fields() };
  }

  #peek(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new SyntaxError("the document ends early");
    return token;
  }

  #next(): string {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #take(expected: string): void {
    const token = this.#next();
    if (token !== expected) throw new SyntaxError(`"${expected}" is expected, and not "${token}"`);
  }

  /** Passes over something in brackets. */
  #pass(): void {
    let depth = 0;
    do {
      const token = this.#next();
      if ("{([".includes(token)) depth += 1;
      else if ("})]".includes(token)) depth -= 1;
    } while (depth > 0);
  }

  #passDirectives(): void {
    while (this.#tokens[this.#at] === "@") {
      this.#at += 2;
      if (this.#tokens[this.#at] === "(") this.#pass();
    }
  }

  #fields(): Field[] {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new SyntaxError("the document is too deep");
    this.#take("{");
    const fields: Field[] = [];
    while (this.#peek() !== "}") {
      if (this.#peek() === "...") fields.push(...this.#spread());
      else fields.push(this.#field());
    }
    this.#take("}");
    this.#depth -= 1;
    return fields;
  }

  /** A fragment is taken for what it selects, whatever its type. */
  #spread(): Field[] {
    this.#take("...");
    if (this.#peek() !== "{" && this.#peek() !== "on" && this.#peek() !== "@")
      return this.#fragment(this.#next());
    if (this.#peek() === "on") this.#at += 2;
    this.#passDirectives();
    return this.#fields();
  }

  #fragment(name: string): Field[] {
    this.#passDirectives();
    const from = this.#fragments.get(name);
    if (from === undefined) throw new SyntaxError(`there is no fragment "${name}"`);
    const back = this.#at;
    // Its name, "on" and its type, perhaps directives.
    this.#at = from + 3;
    this.#passDirectives();
    const fields = this.#fields();
    this.#at = back;
    return fields;
  }

  #field(): Field {
    this.#count += 1;
    if (this.#count > FIELDS_MAX) throw new SyntaxError(`more than ${FIELDS_MAX} fields are asked for`);
    const first = this.#next();
    const isAliased = this.#tokens[this.#at] === ":";
    if (isAliased) this.#at += 1;
    const name = isAliased ? this.#next() : first;
    if (!/^[A-Za-z_]/.test(name)) throw new SyntaxError(`"${name}" is not expected`);
    const args = this.#tokens[this.#at] === "(" ? this.#args() : {};
    this.#passDirectives();
    const fields = this.#tokens[this.#at] === "{" ? this.#fields() : [];
    return { name, alias: first, args, fields };
  }

  #args(): Record<string, unknown> {
    this.#take("(");
    const args: Record<string, unknown> = {};
    while (this.#peek() !== ")") {
      const name = this.#next();
      this.#take(":");
      args[name] = this.#value();
    }
    this.#take(")");
    return args;
  }

  /** Values that are lists or objects are of no use here, and come as null. */
  #value(): unknown {
    const token = this.#peek();
    if (token === "{" || token === "[") {
      this.#pass();
      return null;
    }
    this.#at += 1;
    if (token.startsWith("$")) return this.#variables[token.slice(1)] ?? null;
    if (token.startsWith('"')) return JSON.parse(token);
    if (token === "true" || token === "false") return token === "true";
    if (token === "null") return null;
    return /^-?\d/.test(token) ? Number(token) : token;
  }
}

/** What a field is: a value, an object of fields, or a function of the arguments that makes one. */
export type Resolved = null | string | number | boolean | Resolved[] | { readonly [name: string]: Resolver };
export type Resolver = Resolved | ((args: Readonly<Record<string, unknown>>) => Resolved);

/** The selected fields of an object; one that it does not have is null. */
export function selected(from: Resolved, fields: readonly Field[]): unknown {
  if (Array.isArray(from)) return from.map((each) => selected(each, fields));
  if (from === null || typeof from !== "object") return from;
  return Object.fromEntries(
    fields.map(({ name, alias, args, fields: inner }) => {
      const member = Object.hasOwn(from, name) ? from[name] : null;
      return [alias, selected((typeof member === "function" ? member(args) : member) ?? null, inner)];
    }),
  );
}

import { describe, expect, it } from "vitest";
import { d1Store } from "../../src/d1/store.ts";
import { holdsTheStoreContract } from "../contracts/store-contract.ts";
import { MemoryStore } from "./memory-store.ts";
import { SqliteD1 } from "./sqlite-d1.ts";

holdsTheStoreContract(new MemoryStore());

describe("D1 in memory", () => {
  holdsTheStoreContract(d1Store(new SqliteD1().database));

  it("takes no more than D1 does", () => {
    const { database } = new SqliteD1();
    const terms = (count: number) => Array.from({ length: count }, () => "SELECT 1").join(" UNION ALL ");
    const variables = (count: number) => `SELECT 1 IN (${Array.from({ length: count }, () => "?")})`;
    for (const query of [terms(5), variables(100)]) expect(() => database.prepare(query)).not.toThrow();
    expect(() => database.prepare(terms(6))).toThrow("too many terms in compound SELECT");
    expect(() => database.prepare(variables(101))).toThrow("too many SQL variables");
  });
});

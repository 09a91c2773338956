import { describe } from "vitest";
import { d1Store } from "../../src/d1/store.ts";
import { holdsTheStoreContract } from "../contracts/store-contract.ts";
import { MemoryStore } from "./memory-store.ts";
import { SqliteD1 } from "./sqlite-d1.ts";

holdsTheStoreContract(new MemoryStore());

describe("D1 in memory", () => holdsTheStoreContract(d1Store(new SqliteD1().database)));

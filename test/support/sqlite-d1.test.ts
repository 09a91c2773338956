import { d1Store } from "../../src/d1/store.ts";
import { holdsTheStoreContract } from "../contracts/store-contract.ts";
import { SqliteD1 } from "./sqlite-d1.ts";

holdsTheStoreContract(d1Store(new SqliteD1().database));

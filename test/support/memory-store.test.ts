import { holdsTheStoreContract } from "../contracts/store-contract.ts";
import { MemoryStore } from "./memory-store.ts";

holdsTheStoreContract(new MemoryStore());

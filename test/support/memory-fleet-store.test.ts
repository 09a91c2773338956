import { holdsTheFleetStoreContract } from "../contracts/fleet-store-contract.ts";
import { MemoryFleetStore } from "./memory-fleet-store.ts";
import { MemoryStore } from "./memory-store.ts";

const store = new MemoryStore();
holdsTheFleetStoreContract(new MemoryFleetStore(store), store);

import { holdsTheSecretStoreContract } from "../contracts/secret-store-contract.ts";
import { MemorySecretStore } from "./memory-secret-store.ts";

holdsTheSecretStoreContract(new MemorySecretStore());

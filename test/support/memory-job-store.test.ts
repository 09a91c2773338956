import { holdsTheJobStoreContract } from "../contracts/job-store-contract.ts";
import { memoryJobStore } from "./memory-job-store.ts";

holdsTheJobStoreContract(memoryJobStore());

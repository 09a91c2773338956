import { env } from "cloudflare:workers";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { holdsTheJobStoreContract } from "./job-store-contract.ts";

holdsTheJobStoreContract(d1Jobs(env.DB));

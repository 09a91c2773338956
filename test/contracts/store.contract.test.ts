import { env } from "cloudflare:workers";
import { d1Store } from "../../src/d1/store.ts";
import { holdsTheStoreContract } from "./store-contract.ts";

holdsTheStoreContract(d1Store(env.DB));

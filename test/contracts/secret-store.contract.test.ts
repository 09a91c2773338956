import { env } from "cloudflare:workers";
import { d1Secrets } from "../../src/d1/secrets.ts";
import { holdsTheSecretStoreContract } from "./secret-store-contract.ts";

holdsTheSecretStoreContract(d1Secrets(env.DB));

import { env } from "cloudflare:workers";
import { d1FleetStore } from "../../src/d1/fleet-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { holdsTheFleetStoreContract } from "./fleet-store-contract.ts";

holdsTheFleetStoreContract(d1FleetStore(env.DB), d1Store(env.DB));

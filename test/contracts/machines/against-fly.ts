/** `npm run test:fly`: holds the promises against Fly, beside the local server, or says in one line what is missing. */

import { spawnSync } from "node:child_process";
import { HOW_TO_ASK_FLY, missingForFly } from "./target.ts";

const missing = missingForFly(process.env);
if (missing.length > 0) {
  console.error(`test:fly: ${missing.join(" and ")} missing; ${HOW_TO_ASK_FLY}`);
  process.exit(2);
}
const args = ["run", "--project", "node", "test/contracts/machines", ...process.argv.slice(2)];
const { status } = spawnSync("vitest", args, { stdio: "inherit" });
process.exit(status ?? 1);

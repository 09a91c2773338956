import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { freePort } from "./test/support/free-port.ts";
import SlowFirst from "./test/support/slow-first.ts";

const migrations = await readD1Migrations("migrations");
// Named here since the worker's bindings need it before the server is started; this file is read more than once.
process.env.MAYFLY_TEST_MACHINES_PORT ??= String(await freePort());
const machinesPort = process.env.MAYFLY_TEST_MACHINES_PORT;

/** How long is waited for what must come to be: what alone is quick takes its time on a busy computer. */
const PATIENT = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } };

/** Tests that run inside workerd, against its D1, R2 and Durable Objects, each file in one of its own. */
const IN_WORKERD = ["test/d1/**/*.test.ts", "test/worker/**/*.test.ts"];

/**
 * Tests that run inside workerd one file after the other in one that stays, as starting it and loading the worker takes longer
 * than most of them; each finds the database as migrations make it. Where objects must have no past, a file is to be above.
 */
const IN_SHARED_WORKERD = [
  "test/api/**/*.test.ts",
  "test/worker/{alerts,cron-queries,dashboard-ports,delivery-cost,env,firing-cost,hook-delivery,hook-verify,notification-contents,queue-cost,secret-keeper,settings,time-zones}.test.ts",
  "test/contracts/store.contract.test.ts",
  "test/contracts/job-store.contract.test.ts",
  "test/contracts/schedule-store.contract.test.ts",
  "test/contracts/hook-store.contract.test.ts",
  "test/contracts/deliver.contract.test.ts",
  "test/contracts/fly-schedules.contract.test.ts",
  "test/contracts/alert-store.contract.test.ts",
  "test/contracts/fleet-store.contract.test.ts",
  "test/contracts/secret-store.contract.test.ts",
];

/** How many files run at once in what is not stories: many wait for most of their time, so that fewer leave two cores idle. */
const AT_ONCE = 5;

const workerd = () =>
  cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      bindings: {
        MIGRATIONS: migrations,
        MAYFLY_TOKEN: "test-token",
        ENCRYPTION_KEY: "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=",
        FLY_API_TOKEN: "local-test",
        // The local server takes any number of creates, and tests about the pace have ports of their own.
        LAUNCHES_PER_SECOND: "0",
        // Nothing outside of this computer is asked.
        DNS_OVER_HTTPS_URL: "",
        FLY_API_BASE_URL: `http://127.0.0.1:${machinesPort}`,
      },
    },
  });

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/totals-reporter.ts"],
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        test: {
          name: "node",
          // Stories come after the others: on two cores they would only slow each other down.
          sequence: { groupOrder: 0 },
          maxWorkers: AT_ONCE,
          include: ["test/**/*.test.{ts,tsx}"],
          exclude: [...IN_WORKERD, ...IN_SHARED_WORKERD, "test/stories/**"],
          ...PATIENT,
        },
      },
      {
        plugins: [workerd()],
        test: {
          name: "workerd",
          sequence: { groupOrder: 0 },
          maxWorkers: AT_ONCE,
          include: IN_WORKERD,
          exclude: IN_SHARED_WORKERD,
          globalSetup: ["test/support/machines-server.ts"],
          setupFiles: ["test/support/apply-migrations.ts"],
          ...PATIENT,
        },
      },
      {
        plugins: [workerd()],
        test: {
          name: "workerd-shared",
          isolate: false,
          sequence: { groupOrder: 0 },
          maxWorkers: AT_ONCE,
          include: IN_SHARED_WORKERD,
          globalSetup: ["test/support/machines-server.ts"],
          setupFiles: ["test/support/migrated-database.ts"],
          ...PATIENT,
        },
      },
      {
        // Each story starts a whole Mayfly of its own; much of its time is waiting, so that four share the computer.
        test: {
          name: "stories",
          sequence: { groupOrder: 1 },
          include: ["test/stories/**/*.test.ts"],
          globalSetup: ["test/support/migrated-state.ts", "test/support/built-checkout.ts"],
          maxWorkers: 4,
          ...PATIENT,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

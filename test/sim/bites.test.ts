import { describe, expect, it, vi } from "vitest";
import { Chance } from "./chance.ts";
import { MUTANTS, type Mutant, withMutant } from "./mutants.ts";
import { MUTANTS_OF_HOOKS } from "./mutants-of-hooks.ts";
import { report } from "./report.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";
import { hasHooks, hasSchedules } from "./world/world.ts";

vi.mock("../../src/core/next-step.ts", async (real) => broken("core/next-step", await real()));
vi.mock("../../src/core/lifecycle.ts", async (real) => broken("core/lifecycle", await real()));
vi.mock("../../src/core/machine.ts", async (real) => broken("core/machine", await real()));
vi.mock("../../src/core/outcome.ts", async (real) => broken("core/outcome", await real()));
vi.mock("../../src/core/retry.ts", async (real) => broken("core/retry", await real()));
vi.mock("../../src/core/reap.ts", async (real) => broken("core/reap", await real()));
vi.mock("../../src/core/guest.ts", async (real) => broken("core/guest", await real()));
vi.mock("../../src/core/plan.ts", async (real) => broken("core/plan", await real()));
vi.mock("../../src/core/ticket.ts", async (real) => broken("core/ticket", await real()));
vi.mock("../../src/core/turn.ts", async (real) => broken("core/turn", await real()));
vi.mock("../../src/core/pace.ts", async (real) => broken("core/pace", await real()));
vi.mock("../../src/core/limits.ts", async (real) => broken("core/limits", await real()));
vi.mock("../../src/core/output.ts", async (real) => broken("core/output", await real()));
vi.mock("../../src/core/poll.ts", async (real) => broken("core/poll", await real()));
vi.mock("../../src/core/redactor.ts", async (real) => broken("core/redactor", await real()));
vi.mock("../../src/core/secret-forms.ts", async (real) => broken("core/secret-forms", await real()));
vi.mock("../../src/core/secret-giving.ts", async (real) => broken("core/secret-giving", await real()));
vi.mock("../../src/core/schedule/decide.ts", async (real) => broken("core/schedule/decide", await real()));
vi.mock("../../src/core/schedule/jitter.ts", async (real) => broken("core/schedule/jitter", await real()));
vi.mock("../../src/core/schedule/zone.ts", async (real) => broken("core/schedule/zone", await real()));
vi.mock("../../src/core/schedule/in-time.ts", async (real) => broken("core/schedule/in-time", await real()));
vi.mock("../../src/core/schedule/pause.ts", async (real) => broken("core/schedule/pause", await real()));
vi.mock("../../src/secrets/keeper.ts", async (real) => broken("secrets/keeper", await real()));
vi.mock("../../src/secrets/mask.ts", async (real) => broken("secrets/mask", await real()));
vi.mock("../../src/fly/refusal.ts", async (real) => broken("fly/refusal", await real()));
vi.mock("../../src/flow/launches.ts", async (real) => broken("flow/launches", await real()));
vi.mock("../../src/flow/settle.ts", async (real) => broken("flow/settle", await real()));
vi.mock("../../src/flow/submit.ts", async (real) => broken("flow/submit", await real()));
vi.mock("../../src/flow/release.ts", async (real) => broken("flow/release", await real()));
vi.mock("../../src/flow/sweep.ts", async (real) => broken("flow/sweep", await real()));
vi.mock("../../src/flow/cancel-all.ts", async (real) => broken("flow/cancel-all", await real()));
vi.mock("../../src/flow/tick.ts", async (real) => broken("flow/tick", await real()));
vi.mock("../../src/flow/timekeeper.ts", async (real) => broken("flow/timekeeper", await real()));
vi.mock("./world/recording-store.ts", async (real) => broken("sim/recording-store", await real()));
vi.mock("./world/recording-schedules.ts", async (real) => broken("sim/recording-schedules", await real()));
vi.mock("../support/sqlite-d1.ts", async (real) => broken("support/sqlite-d1", await real()));
vi.mock("../../src/hooks/verify.ts", async (real) => broken("hooks/verify", await real()));
vi.mock("../../src/core/hook/filter.ts", async (real) => broken("core/hook/filter", await real()));
vi.mock("../../src/core/hook/parts.ts", async (real) => broken("core/hook/parts", await real()));
vi.mock("../../src/core/chain/handover.ts", async (real) => broken("core/chain/handover", await real()));
vi.mock("../../src/core/chain/upstream.ts", async (real) => broken("core/chain/upstream", await real()));
vi.mock("../../src/core/notification/attempt.ts", async (real) =>
  broken("core/notification/attempt", await real()),
);
vi.mock("../../src/core/webhook/standing.ts", async (real) => broken("core/webhook/standing", await real()));
vi.mock("../../src/core/commit-status/status.ts", async (real) =>
  broken("core/commit-status/status", await real()),
);
vi.mock("../../src/d1/deliveries.ts", async (real) => broken("d1/deliveries", await real()));
vi.mock("../../src/d1/handovers.ts", async (real) => broken("d1/handovers", await real()));
vi.mock("../../src/d1/notification-store.ts", async (real) => broken("d1/notification-store", await real()));
vi.mock("../../src/d1/report-ledger.ts", async (real) => broken("d1/report-ledger", await real()));
vi.mock("../../src/flow/whole-body.ts", async (real) => broken("flow/whole-body", await real()));
vi.mock("../../src/flow/hand-over.ts", async (real) => broken("flow/hand-over", await real()));
vi.mock("../../src/flow/notify.ts", async (real) => broken("flow/notify", await real()));
vi.mock("../../src/flow/tell-webhooks.ts", async (real) => broken("flow/tell-webhooks", await real()));
vi.mock("../../src/flow/drive.ts", async (real) => broken("flow/drive", await real()));

const broken = vi.hoisted(() => async (module: string, real: unknown) => {
  const { breakable } = await import("./mutants.ts");
  return breakable(module, real as Record<string, unknown>);
});

function kindOf(seed: number): "schedules" | "hooks" | "neither" {
  const chance = new Chance(seed);
  if (hasSchedules(chance)) return "schedules";
  return hasHooks(chance) ? "hooks" : "neither";
}

/** Seeds within which a broken rule must be noticed. */
const SEEDS_MAX = 5000;

describe("a story of a broken promise", () => {
  it("is made as short as it gets, and says how to play it again", { timeout: 120_000 }, async () => {
    const mutant = MUTANTS.find(({ name }) => name === "a machine is asked for without looking for it");
    if (!mutant) throw new Error("there is no such mutant any more");
    await withMutant(mutant, async () => {
      for (let seed = 1; ; seed++) {
        const played = await simulate(seed);
        if (!played.violation?.check.includes(mutant.caughtBy) || played.faults.length < 10) continue;
        const shortest = await shrink(played);
        expect(shortest.violation?.check).toBe(played.violation.check);
        expect(shortest.faults.length).toBeLessThanOrEqual(played.faults.length / 2);
        expect(await report(played)).toContain(`npm run sim -- --seeds 1 --from ${seed}`);
        return;
      }
    });
  });
});

describe("the simulator notices that", () => {
  it.each(MUTANTS)("$name", { timeout: 120_000 }, isNoticed);
});

describe("of hooks, chains and webhooks the simulator notices that", () => {
  it.each(MUTANTS_OF_HOOKS)("$name", { timeout: 120_000 }, isNoticed);
});

async function isNoticed(mutant: Mutant): Promise<void> {
  const kind = mutant.ofSchedules ? "schedules" : mutant.ofHooks ? "hooks" : "neither";
  const caught = await withMutant(mutant, async () => {
    const first = mutant.firstSeed ?? 1;
    for (let seed = first; seed < first + SEEDS_MAX; seed++) {
      // Worlds with schedules, or with hooks, are large.
      if (kindOf(seed) !== kind) continue;
      const { violation } = await simulate(seed);
      if (violation?.check.includes(mutant.caughtBy)) return { seed, ...violation };
    }
    return null;
  });
  expect(caught, `nothing noticed within ${SEEDS_MAX} seeds`).not.toBeNull();
}

/** Rules of the core and the flow, each broken in one way, to see that the simulator notices. */

// biome-ignore lint/suspicious/noExplicitAny: a module is whatever it exports
type Module = any;

export interface Mutant {
  /** What is done wrong. */
  name: string;
  /** The module that has the rule. */
  module: string;
  /** What takes the place of the module's exports of these names. */
  breaks: (real: Module) => Record<string, unknown>;
  /** The promise that this breaks, by a part of its name. */
  caughtBy: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "the machine of a settled run is left to itself",
    module: "core/next-step",
    breaks: ({ nextStep }) => ({
      nextStep: (...args: unknown[]) => {
        const step = nextStep(...args);
        return step.do === "release" ? { do: "nothing" } : step;
      },
    }),
    caughtBy: "every stored run ends and is closed",
  },
  {
    name: "a limit that passed is believed without a last look",
    module: "core/next-step",
    breaks: ({ nextStep }) => ({
      nextStep: (...args: unknown[]) => {
        const step = nextStep(...args);
        return step.do === "settle" ? { ...step, lookFirst: false } : step;
      },
    }),
    caughtBy: "outcome is what happened",
  },
  {
    name: "a cancel is recorded and not carried out",
    module: "core/next-step",
    breaks: ({ nextStep }) => ({
      nextStep: (state: Module, nowMs: number) =>
        nextStep({ ...state, run: { ...state.run, cancelRequestedAt: null } }, nowMs),
    }),
    caughtBy: "asked to cancel ends within its stop limit",
  },
  {
    name: "a settled run counts as closed",
    module: "core/lifecycle",
    breaks: ({ applyEvents }) => ({
      applyEvents: (...args: unknown[]) => {
        const after = applyEvents(...args);
        return after && { ...after, run: { ...after.run, open: after.run.settledAt === null } };
      },
    }),
    caughtBy: "has no machine left",
  },
  {
    name: "a missing exit event is taken for exit code 0",
    module: "core/machine",
    breaks: ({ lastExit }) => ({
      lastExit: (machine: Module) =>
        lastExit(machine) ??
        (machine.state === "destroyed"
          ? { code: 0, signal: null, oomKilled: false, requestedStop: false, at: null }
          : null),
    }),
    caughtBy: "outcome is what happened",
  },
  {
    name: "a command's exit code is not looked at",
    module: "core/outcome",
    breaks: ({ outcomeOf }) => ({
      outcomeOf: (run: Module, attempt: Module, end: Module) =>
        outcomeOf(run, attempt, { ...end, exit: { ...end.exit, code: 0, signal: null } }),
    }),
    caughtBy: "outcome is what happened",
  },
  {
    name: "one empty list is believed",
    module: "core/limits",
    breaks: () => ({ CREATE_LOOKUPS_NEEDED: 1 }),
    caughtBy: "has no machine left",
  },
  {
    name: "one 404 is believed",
    module: "core/limits",
    breaks: () => ({ MACHINE_LOST_AFTER_MS: -60_000 }),
    caughtBy: "outcome is what happened",
  },
  {
    name: "a create without an answer counts as one that did nothing",
    module: "fly/refusal",
    breaks: ({ createRefusal }) => ({
      createRefusal: (error: unknown) => {
        const result = createRefusal(error);
        return result.kind === "uncertain" ? { ...result, kind: "later" } : result;
      },
    }),
    caughtBy: "has no machine left",
  },
  {
    name: "what was read before counts as nothing",
    module: "core/output",
    breaks: ({ offsetsAfter }) => ({
      offsetsAfter: (offsets: Module, chunk: Module) => offsetsAfter(offsets, { ...chunk, offset: 0 }),
    }),
    caughtBy: "stored output is what the machine wrote",
  },
  {
    name: "all output is called complete",
    module: "flow/settle",
    breaks: (real) => ({
      settleNow: async (...args: unknown[]) => {
        const findings = await real.settleNow(...args);
        for (const event of findings.events) event.output.complete = true;
        return findings;
      },
      summary: (...args: unknown[]) => ({ ...real.summary(...args), complete: true }),
    }),
    caughtBy: "stored output is what the machine wrote",
  },
  {
    name: "a driver that is woken trusts its memory",
    module: "flow/drive",
    breaks: ({ Drive }) => ({
      Drive: class extends Drive {
        async lookAgain() {}
      },
    }),
    caughtBy: "asked to cancel ends within its stop limit",
  },
  {
    name: "a machine is asked for without looking for it",
    module: "flow/drive",
    breaks: ({ Drive }) => ({
      Drive: class extends Drive {
        constructor(state: unknown) {
          super(state, true);
          Object.defineProperty(this, "neverAsked", { get: () => true, set: () => {} });
        }
      },
    }),
    caughtBy: "at most one machine",
  },
  {
    name: "a machine that was let go is never destroyed",
    module: "core/limits",
    breaks: () => ({ LET_GO_MS: 1e12 }),
    caughtBy: "no machine is older than its limits",
  },
  {
    name: "an idempotency key is not stored",
    module: "flow/submit",
    breaks: ({ submit }) => ({
      submit: (ports: unknown, order: Module) => submit(ports, { ...order, key: null }),
    }),
    caughtBy: "submissions with one key are one run",
  },
  {
    name: "a follower goes on with the piece that it was told last",
    module: "core/output",
    breaks: ({ isAfter }) => ({
      isAfter: (a: Module, b: Module) => isAfter({ ...a, seq: a.seq + 1 }, b),
    }),
    caughtBy: "a follower is told each piece of output once",
  },
  {
    name: "a last look that came to no answer is enough",
    module: "core/limits",
    breaks: () => ({ LAST_LOOKS_MAX: 1 }),
    caughtBy: "outcome is what happened",
  },
  {
    name: "what failed is repeated without a pause",
    module: "core/poll",
    breaks: () => ({ repeatDelayMs: () => 0, spread: () => 0 }),
    caughtBy: "calls the Machines API without a pause",
  },
];

let active: Mutant | null = null;

/** Breaks a rule while something is done. */
export async function withMutant<T>(mutant: Mutant, work: () => Promise<T>): Promise<T> {
  active = mutant;
  try {
    return await work();
  } finally {
    active = null;
  }
}

/** A module whose exports are its own, but for those that the active mutant breaks. */
export function breakable(module: string, real: Record<string, unknown>): Record<string, unknown> {
  const exports = {};
  for (const name of Object.keys(real))
    Object.defineProperty(exports, name, {
      enumerable: true,
      get: () => (active?.module === module ? active.breaks(real)[name] : undefined) ?? real[name],
    });
  return exports;
}

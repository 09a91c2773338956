/** Rules of the core and the flow, each broken in one way, to see that the simulator notices. */

// biome-ignore lint/suspicious/noExplicitAny: a module is whatever it exports
export type Module = any;

export interface Mutant {
  /** What is done wrong. */
  name: string;
  /** The module that has the rule. */
  module: string;
  /** What takes the place of the module's exports of these names. */
  breaks: (real: Module) => Record<string, unknown>;
  /** The promise that this breaks, by a part of its name. */
  caughtBy: string;
  /** True where only worlds with schedules can show it. */
  ofSchedules?: true;
  /** The same of worlds with hooks. */
  ofHooks?: true;
  /** The seed that is played first, where thousands before it do not show it: it spares time, and any other would do. */
  firstSeed?: number;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "a machine that is made ahead is started as soon as it can be",
    module: "core/next-step",
    breaks: ({ nextStep }) => ({
      nextStep: (...args: unknown[]) => {
        const step = nextStep(...args);
        return step.do === "make_ready" ? { do: "start", until: step.startsAt } : step;
      },
    }),
    caughtBy: "starts no command before it",
  },
  {
    name: "a start is asked for again and again until somebody has seen it",
    module: "flow/drive",
    breaks: ({ Drive }) => ({
      Drive: class extends Drive {
        constructor(...args: unknown[]) {
          super(...args);
          for (const [name, value] of Object.entries({
            isReady: true,
            isStarting: false,
            startAskedAt: null,
          }))
            Object.defineProperty(this, name, { get: () => value, set: () => {} });
        }
      },
    }),
    caughtBy: "is started once",
  },
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
    firstSeed: 63,
    module: "core/next-step",
    breaks: ({ nextStep }) => ({
      nextStep: (state: Module, ...more: unknown[]) =>
        nextStep({ ...state, run: { ...state.run, cancelRequestedAt: null } }, ...more),
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
    name: "a machine has its image when it is started",
    module: "core/machine",
    breaks: ({ lastStartedAt }) => ({ imageReadyAt: lastStartedAt }),
    caughtBy: "when its image was ready",
  },
  {
    name: "nobody asks how long an image took",
    module: "core/machine",
    breaks: () => ({ imageReadyAt: () => null }),
    caughtBy: "when its image was ready",
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
    name: "a machine that was asked for and not seen is believed away without a look",
    module: "flow/release",
    breaks: ({ release }) => ({
      release: async (ports: Module, drive: Module, attempt: Module) => {
        if (attempt.machineId !== null || drive.made !== null) return release(ports, drive, attempt);
        const at = ports.clock.now();
        const event = { type: "machine_released", at, attempt: attempt.number, events: [] };
        return { events: [event], chunks: [], pauseMs: 0 };
      },
    }),
    caughtBy: "has no machine left",
  },
  {
    name: "one 404 is believed",
    module: "flow/drive",
    breaks: ({ Drive }) => ({
      Drive: class extends Drive {
        isAbsentForLong() {
          return true;
        }
      },
    }),
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
    caughtBy: "at most one machine, ever",
    firstSeed: 1369,
  },
  {
    name: "what was read before counts as nothing",
    module: "core/output",
    breaks: ({ offsetsAfter }) => ({
      offsetsAfter: (offsets: Module, chunk: Module) => offsetsAfter(offsets, { ...chunk, offset: 0 }),
    }),
    caughtBy: "stored output is what each attempt's machine wrote",
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
    caughtBy: "stored output is what each attempt's machine wrote",
  },
  {
    name: "a driver that is woken trusts its memory",
    firstSeed: 91,
    module: "flow/drive",
    breaks: ({ Drive }) => ({
      Drive: class extends Drive {
        async lookAgain() {}
      },
    }),
    caughtBy: "asked to cancel ends within its stop limit",
  },
  {
    name: "a machine that was found again is refused",
    module: "core/lifecycle",
    breaks: ({ applyEvents }) => ({
      applyEvents: (state: unknown, events: Module[]) =>
        events.some(({ adopted }) => adopted) ? null : applyEvents(state, events),
    }),
    caughtBy: "meets no errors",
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
    name: "whoever has asked before, a refusal means that no command ran",
    module: "flow/drive",
    breaks: ({ Drive }) => ({
      Drive: class extends Drive {
        neverHadMachine() {
          return this.state.attempts.at(-1)?.machineId === null;
        }
      },
    }),
    caughtBy: "stored output is what each attempt's machine wrote",
  },
  {
    name: "a machine that was let go is never destroyed",
    firstSeed: 120,
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
    firstSeed: 719,
  },
  {
    name: "what failed is repeated without a pause",
    module: "core/poll",
    breaks: () => ({ repeatDelayMs: () => 0, spread: () => 0 }),
    caughtBy: "calls the Machines API without a pause",
  },
  {
    name: "the platform's failures use up the job's attempts",
    module: "core/retry",
    breaks: ({ endOfAttempt }) => ({
      endOfAttempt: ({ run, attempts }: Module, ...rest: unknown[]) => {
        const isLost = ({ reason }: Module) => reason === "machine_lost";
        const owned = attempts.map((tried: Module) =>
          isLost(tried) ? { ...tried, reason: "signal" } : tried,
        );
        return endOfAttempt({ run, attempts: owned }, ...rest);
      },
    }),
    caughtBy: "each failure is followed by what its run's policy says",
  },
  {
    name: "failures before this one are not counted",
    module: "core/retry",
    breaks: ({ endOfAttempt }) => ({
      endOfAttempt: ({ run, attempts }: Module, ...rest: unknown[]) =>
        endOfAttempt({ run, attempts: attempts.slice(-1) }, ...rest),
    }),
    caughtBy: "no more attempts than it may",
  },
  {
    name: "an exit code is retried unasked",
    module: "core/retry",
    breaks: ({ endOfAttempt }) => ({
      endOfAttempt: ({ run, attempts }: Module, ...rest: unknown[]) => {
        const retry = { ...run.spec.retry, attempts: 2 };
        return endOfAttempt({ run: { ...run, spec: { ...run.spec, retry } }, attempts }, ...rest);
      },
    }),
    caughtBy: "no more attempts than it may",
  },
  {
    name: "a lost machine is not replaced",
    module: "core/retry",
    breaks: ({ endOfAttempt }) => ({
      endOfAttempt: (...args: unknown[]) => {
        const end = endOfAttempt(...args);
        return end.type === "attempt_failed" && end.reason === "machine_lost"
          ? { ...end, type: "settled", status: "failed" }
          : end;
      },
    }),
    caughtBy: "each failure is followed by what its run's policy says",
  },
  {
    name: "the pause before a retry is left out",
    module: "core/retry",
    breaks: nextWith((end) => ({ at: end.at })),
    caughtBy: "each failure is followed by what its run's policy says",
  },
  {
    name: "the list of regions is not walked",
    module: "core/retry",
    breaks: nextWith((_end, { attempts }) => ({ region: attempts.at(-1).machineConfig.region })),
    caughtBy: "each failure is followed by what its run's policy says",
  },
  {
    name: "twice the memory is as much as before",
    module: "core/guest",
    breaks: () => ({ nextSize: (guest: unknown) => guest }),
    caughtBy: "each failure is followed by what its run's policy says",
  },
  {
    name: "the size that was decided for a retry is forgotten",
    module: "core/plan",
    breaks: ({ planAttempt }) => ({
      planAttempt: (state: Module, ...rest: unknown[]) => {
        const planned = planAttempt(state, ...rest);
        const guest = state.run.spec.machine;
        return { ...planned, machineConfig: { ...planned.machineConfig, guest } };
      },
    }),
    caughtBy: "each failure is followed by what its run's policy says",
  },
  {
    name: "a retry does not wait for its time",
    module: "core/next-step",
    breaks: ({ nextStep }) => ({
      nextStep: (...args: unknown[]) => {
        const step = nextStep(...args);
        return step.do === "rest" ? { do: "plan" } : step;
      },
    }),
    caughtBy: "each failure is followed by what its run's policy says",
  },
  {
    name: "a cancel between two attempts is not heard",
    firstSeed: 64,
    module: "core/next-step",
    breaks: ({ nextStep }) => ({
      nextStep: (state: Module, nowMs: number) => {
        const { run } = state;
        if (run.status !== "retrying") return nextStep(state, nowMs);
        return nextStep({ ...state, run: { ...run, cancelRequestedAt: null } }, nowMs);
      },
    }),
    caughtBy: "each failure is followed by what its run's policy says",
  },
  {
    name: "a retry begins before the machine of the attempt before is gone",
    module: "flow/release",
    breaks: ({ release }) => ({
      release: async (ports: Module, drive: Module, attempt: Module) => {
        if (drive.state.run.status !== "retrying") return release(ports, drive, attempt);
        const at = ports.clock.now();
        const event = { type: "machine_released", at, attempt: attempt.number, events: [] };
        return { events: [event], chunks: [], pauseMs: 0 };
      },
    }),
    caughtBy: "has no machine left",
  },
  {
    name: "a driver remembers how much of the attempt before was read",
    module: "flow/drive",
    breaks: ({ Drive }) => ({
      Drive: class extends Drive {
        async remember(...args: unknown[]) {
          const { offsets, state } = this;
          await super.remember(...args);
          if (this.state.attempts.length > state.attempts.length) this.offsets = offsets;
        }
      },
    }),
    caughtBy: "stored output is what each attempt's machine wrote",
    firstSeed: 969,
  },
  {
    name: "a driver takes the plan of another's retry for its own",
    firstSeed: 208,
    module: "flow/drive",
    breaks: ({ Drive }) => ({
      Drive: class extends Drive {
        constructor(state: Module, neverAsked: boolean) {
          super(state, neverAsked || state.attempts.length > 1);
        }
        hasNoMachine() {
          return this.neverAsked;
        }
      },
    }),
    caughtBy: "one machine",
  },
  {
    name: "the queue limit counts from acceptance, though a machine was had since",
    module: "core/retry",
    breaks: () => ({ wantsMachineSince: ({ run }: Module) => run.acceptedAt }),
    caughtBy: "outcome is what happened",
  },
  {
    name: "a run that waits for its next attempt is left to its driver for good",
    firstSeed: 121,
    module: "core/lifecycle",
    breaks: ({ applyEvents }) => ({
      applyEvents: (...args: unknown[]) => {
        const after = applyEvents(...args);
        return after && { ...after, run: { ...after.run, restsUntil: after.run.restsUntil && 1e15 } };
      },
    }),
    caughtBy: "waits for a machine, for its start or for its next attempt",
  },
  {
    name: "a re-run does not say what it repeats",
    module: "flow/submit",
    breaks: ({ submit }) => ({
      submit: (ports: unknown, order: Module) => submit(ports, { ...order, originId: null }),
    }),
    caughtBy: "names the run that it repeats",
  },
  {
    name: "a cancel by a filter looks for runs that are starting alone",
    module: "flow/cancel-all",
    breaks: ({ cancelAll }) => ({
      cancelAll: (ports: unknown, orgId: string, filter: Module) =>
        cancelAll(ports, orgId, { ...filter, statuses: ["starting"] }),
    }),
    caughtBy: "a cancel by a filter asks every run to end",
  },
  {
    name: "a machine that no attempt has is left to itself",
    module: "core/reap",
    breaks: () => ({ isReapable: () => false }),
    caughtBy: "that no attempt has goes by the sweep",
  },
  {
    name: "a machine whose creation nobody has recorded yet is taken for nobody's, and at once",
    module: "core/reap",
    breaks: ({ judge }) => ({
      judge: (machine: Module, attempt: Module, claim: Module) => {
        const isRecorded = claim?.attempts.some((one: Module) => one.machineId === machine.id);
        return isRecorded ? judge(machine, attempt, claim) : { known: false, why: "other_machine" };
      },
      isReapable: () => true,
    }),
    caughtBy: "that no attempt has goes by the sweep",
  },
  {
    name: "a slot is free as soon as its run is settled",
    module: "core/ticket",
    breaks: ({ ticketsAfter }) => ({
      ticketsAfter: (before: Module, event: Module, after: Module) =>
        event.type === "settled" ? [] : ticketsAfter(before, event, after),
    }),
    caughtBy: "as its limit says",
    firstSeed: 1471,
  },
  {
    name: "a run goes on without a slot of the organization",
    module: "core/turn",
    breaks: ({ pendingQueues }) => ({ pendingQueues: (run: Module) => pendingQueues(run, null) }),
    caughtBy: "as its limit says",
  },
  {
    name: "a run's time is not waited for",
    module: "core/turn",
    breaks: () => ({ dueAt: ({ acceptedAt }: Module) => acceptedAt }),
    caughtBy: "before its time",
  },
  {
    name: "a run that has a time of its own starts at once",
    module: "core/turn",
    breaks: () => ({ dueAt: ({ acceptedAt, spec }: Module) => acceptedAt + spec.delayMs }),
    caughtBy: "before its time",
  },
  {
    name: "a run that waits does not expire",
    firstSeed: 322,
    module: "core/turn",
    breaks: () => ({ expiresAt: () => Number.MAX_SAFE_INTEGER }),
    caughtBy: "nobody waits longer than it may",
  },
  {
    name: "a call for the next that is lost is made good by nobody",
    firstSeed: 208,
    module: "flow/sweep",
    breaks: ({ sweep }) => ({
      sweep: (ports: Module) => {
        const queueHeads = async () => ({ runIds: [], nextAfter: null });
        const store = new Proxy(ports.store, {
          get: (real, name) => (name === "queueHeads" ? queueHeads : real[name]),
        });
        return sweep({ ...ports, store });
      },
    }),
    caughtBy: "no slot, and no launch, is free for long",
  },
  {
    name: "those who wait for a launch go by age alone",
    module: "core/turn",
    breaks: () => ({ rankOf: () => 0 }),
    caughtBy: "no run takes a launch that one of better rank in line could have had",
  },
  {
    name: "whoever comes takes a launch, whoever stands in line for it",
    firstSeed: 68,
    module: "core/pace",
    breaks: () => ({ launchesWithinHorizon: () => Number.MAX_SAFE_INTEGER }),
    caughtBy: "no run takes a launch that one of better rank in line could have had",
  },
  {
    name: "a launch is taken however far ahead it lies",
    module: "core/limits",
    breaks: () => ({ LAUNCH_HORIZON_MS: 1e9 }),
    caughtBy: "nor one that lies far ahead",
  },
  {
    name: "a launch that is taken leaves the bucket as it was",
    module: "core/pace",
    breaks: ({ afterTaking }) => ({
      afterTaking: (before: Module, _intervalMs: number, nowMs: number) => afterTaking(before, 1, nowMs),
    }),
    caughtBy: "an app is given two launches at once",
  },
  {
    name: "nobody who stands in line for a launch is called",
    firstSeed: 79,
    module: "flow/launches",
    breaks: ({ launchesOver }) => ({
      launchesOver: (...args: unknown[]) => ({
        ...launchesOver(...args),
        next: async () => [],
        nextTry: async () => null,
      }),
    }),
    caughtBy: "no slot, and no launch, is free for long",
  },
  {
    name: "output that may become a secret is not held back",
    module: "core/redactor",
    breaks: ({ redactorOf }) => ({
      redactorOf: (values: unknown) => {
        const redact = redactorOf(values);
        return (bytes: Uint8Array) => ({ ...redact(bytes), decided: bytes.length });
      },
    }),
    caughtBy: "stored output is what each attempt's machine wrote",
  },
  {
    name: "a driver that remembers nothing reads secrets from what is stored on",
    module: "core/redactor",
    breaks: () => ({ REDACTION_REACH: 0 }),
    caughtBy: "stored output is what each attempt's machine wrote",
    firstSeed: 5085,
  },
  {
    name: "a secret in base64 is not looked for",
    module: "core/secret-forms",
    breaks: ({ formsOf }) => ({
      formsOf: (values: unknown) => ({ ...formsOf(values), wrapped: [] }),
    }),
    caughtBy: "stored output is what each attempt's machine wrote",
  },
  {
    name: "a machine that does not wait for its secrets yet counts as given them",
    firstSeed: 163,
    module: "core/secret-giving",
    breaks: () => ({ isGiven: () => true }),
    caughtBy: "a command starts with its run's secrets",
  },
  {
    name: "an attempt is given the secrets of now, not those of its plan",
    module: "secrets/keeper",
    breaks: ({ createSecretKeeper }) => ({
      createSecretKeeper: (ports: Module) => {
        const keeper = createSecretKeeper(ports);
        const forAttempt = (attempt: Module) =>
          keeper.forAttempt({ ...attempt, plannedAt: ports.clock.now() });
        return { ...keeper, forAttempt };
      },
    }),
    caughtBy: "a command starts with its run's secrets",
  },
  {
    name: "a secret is sent as it is, beside a pad of zeros",
    module: "secrets/mask",
    breaks: () => ({
      mask: async (content: Uint8Array) => ({
        padName: "0",
        pad: new Uint8Array(content.length),
        masked: content,
      }),
    }),
    caughtBy: "no secret stands in",
  },
  {
    name: "a due time that has its run is armed again",
    firstSeed: 105,
    module: "sim/recording-schedules",
    breaks: ({ RecordingSchedules }) => ({
      RecordingSchedules: class extends RecordingSchedules {
        async record(decided: Module[], at: number) {
          for (const { schedule, decision } of decided) {
            const stored = await this.find(schedule);
            if (stored?.place.decidedTo !== schedule.place.decidedTo) continue;
            for (const { outcome, dueAt } of decision.firings)
              if (outcome === "armed")
                this.ledger.delete(`${schedule.orgId}/${schedule.job}/${schedule.name} ${dueAt} false`);
          }
          await super.record(decided, at);
        }
      },
    }),
    caughtBy: "a due time has one run at most",
    ofSchedules: true,
  },
  {
    name: "what was decided of a schedule that is another by now is recorded",
    module: "sim/recording-schedules",
    breaks: ({ RecordingSchedules }) => ({
      RecordingSchedules: class extends RecordingSchedules {
        async record(decided: Module[], at: number) {
          const asIs = decided.map(async ({ schedule, decision }) => {
            return { schedule: (await this.find(schedule)) ?? schedule, decision };
          });
          await super.record(await Promise.all(asIs), at);
        }
      },
    }),
    caughtBy: "each due time of a schedule is in the ledger once",
    ofSchedules: true,
    firstSeed: 548,
  },
  {
    name: "a due time counts as run in a step before its run is stored",
    module: "sim/recording-store",
    breaks: ({ RecordingStore }) => ({
      RecordingStore: class extends RecordingStore {
        async accept(...args: Module[]) {
          const { ledger } = this;
          const [{ run }] = args;
          if (!this.runs.has(run.id) && !ledger.fire(run)) return { kind: "not_armed" };
          this.ledger = null;
          const result = super.accept(...args);
          this.ledger = ledger;
          return result;
        }
      },
    }),
    caughtBy: "a due time has one run at most",
    ofSchedules: true,
  },
  {
    name: "nobody wakes the timekeeper of what should have been started",
    module: "flow/tick",
    breaks: ({ tick }) => ({
      tick: ({ timekeepers, clock, ...ports }: Module) => {
        const wake = async (shard: number, atMs: number) => {
          if (atMs > clock.now()) await timekeepers.wake(shard, atMs);
        };
        return tick({ ...ports, clock, timekeepers: { wake } });
      },
    }),
    caughtBy: "none stays armed when its time has come",
    ofSchedules: true,
  },
  {
    name: "a timekeeper forgets what it is to start next",
    module: "flow/timekeeper",
    breaks: ({ Timekeeper }) => ({
      Timekeeper: class extends Timekeeper {
        constructor(host: Module) {
          super({ ...host, fire: async () => ({ ...(await host.fire()), nextAt: null }) });
        }
      },
    }),
    caughtBy: "submitted at its second",
    ofSchedules: true,
  },
  {
    name: "what was missed is told by nobody",
    module: "core/schedule/decide",
    breaks: decisionWith((firings) => firings.filter(({ outcome }) => outcome === "armed")),
    caughtBy: "each due time of a schedule is in the ledger once",
    ofSchedules: true,
  },
  {
    name: "of what was missed the latest two are caught up",
    module: "core/schedule/decide",
    breaks: decisionWith((firings, { catchUp }, nowMs) => {
      const missed = firings.filter(({ outcome }) => outcome === "missed").at(-1);
      if (catchUp.mode !== "latest" || !firings.some(({ outcome }) => outcome === "armed")) return firings;
      return firings.map((firing) =>
        firing === missed ? { outcome: "armed", dueAt: missed.dueAt, startAt: nowMs } : firing,
      );
    }),
    caughtBy: "caught up as its schedule says",
    ofSchedules: true,
  },
  {
    name: "what is late is missed at once",
    module: "core/limits",
    breaks: () => ({ SCHEDULE_GRACE_MS: 1000 }),
    caughtBy: "missed after an outage longer than the grace alone",
    ofSchedules: true,
  },
  {
    name: "a due time is in time for two minutes, also where newer ones have come",
    module: "core/schedule/in-time",
    breaks: () => ({
      isInTime: (_schedule: unknown, _pause: unknown, _dueAt: number, sinceMs: number, nowMs: number) =>
        nowMs - sinceMs <= 120_000,
    }),
    caughtBy: "missed after an outage longer than the grace alone",
    ofSchedules: true,
  },
  {
    name: "a timekeeper that comes late counts as having been at work",
    module: "sim/recording-schedules",
    breaks: ({ RecordingSchedules }) => ({
      RecordingSchedules: class extends RecordingSchedules {
        async atWorkSince() {
          return 0;
        }
      },
    }),
    caughtBy: "missed after an outage longer than the grace alone",
    ofSchedules: true,
  },
  {
    name: "runs of a schedule overlap whatever it says",
    module: "flow/submit",
    breaks: ({ submitFired }) => ({
      submitFired: (ports: unknown, order: unknown, firing: Module, idMs: number) =>
        submitFired(ports, order, { ...firing, overlap: "allow" }, idMs),
    }),
    caughtBy: "runs of a schedule overlap only where it says so",
    ofSchedules: true,
  },
  {
    name: "what was due in a pause is caught up after it",
    module: "core/schedule/pause",
    breaks: () => ({ pauseOf: () => ({ from: 0, to: 0 }) }),
    caughtBy: "comes due while a schedule rests",
    ofSchedules: true,
    firstSeed: 346,
  },
  {
    name: "a punctual due time is armed for its time, with no lead",
    firstSeed: 105,
    module: "core/schedule/jitter",
    breaks: () => ({ leadMs: () => 0 }),
    caughtBy: "of a punctual schedule is accepted ahead of its time",
    ofSchedules: true,
  },
  {
    name: "every due time has a punctual one's lead",
    module: "core/schedule/jitter",
    breaks: ({ leadMs }) => ({ leadMs: () => leadMs({ punctual: true }) }),
    caughtBy: "caught up as its schedule says",
    ofSchedules: true,
  },
  {
    name: "a run that was accepted ahead keeps its due time, whatever becomes of its schedule",
    module: "sim/recording-schedules",
    breaks: ({ RecordingSchedules }) => ({
      RecordingSchedules: class extends RecordingSchedules {
        isStillDue() {
          return true;
        }
      },
    }),
    caughtBy: "loses its due time where its schedule was changed",
    ofSchedules: true,
    firstSeed: 412,
  },
  {
    name: "local clocks are taken to keep the offset that they had before they changed",
    module: "core/schedule/zone",
    breaks: ({ stretchAt }) => ({
      stretchAt: (timeZone: string, atMs: number) => {
        const stretch = stretchAt(timeZone, atMs);
        return { ...stretch, offsetMs: stretch.offsetBeforeMs };
      },
    }),
    caughtBy: "each due time of a schedule is in the ledger once",
    ofSchedules: true,
    firstSeed: 637,
  },
  {
    name: "a local time that clocks skip is not due, and one that they show twice is due twice",
    module: "core/schedule/zone",
    breaks: ({ stretchAt }) => ({
      stretchAt: (timeZone: string, atMs: number) => {
        const stretch = stretchAt(timeZone, atMs);
        return { ...stretch, offsetBeforeMs: stretch.offsetMs };
      },
    }),
    caughtBy: "each due time of a schedule is in the ledger once",
    ofSchedules: true,
    firstSeed: 637,
  },
];

/** Changes what was decided of a schedule's due times. */
function decisionWith(
  change: (firings: Module[], schedule: Module, nowMs: number) => Module[],
): Mutant["breaks"] {
  return ({ decide }) => ({
    decide: (schedule: unknown, place: unknown, nowMs: number) => {
      const decision = decide(schedule, place, nowMs);
      return { ...decision, firings: change(decision.firings, schedule, nowMs) };
    },
  });
}

/** Changes what was decided to follow a failure. */
function nextWith(change: (end: Module, state: Module) => Record<string, unknown>): Mutant["breaks"] {
  return ({ endOfAttempt }) => ({
    endOfAttempt: (state: Module, ...rest: unknown[]) => {
      const end = endOfAttempt(state, ...rest);
      return end.type === "attempt_failed" ? { ...end, next: { ...end.next, ...change(end, state) } } : end;
    },
  });
}

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

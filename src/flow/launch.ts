/**
 * Launch: ask for the attempt's Machine when its time has come, and never for a second one. Its name derives from run and attempt, so a repeated ask
 * is refused by name and the first Machine adopted. A destroyed Machine frees its name, so wherever an earlier ask is
 * possible the Machine is looked for, destroyed ones included, before it is asked for.
 *
 * What a look has shown does not age while nobody else can ask, however late its answer: who looks stores an event of its own
 * before the look that counts. Whoever planned the attempt, or looked before, hears of it by the run's version, which each checks
 * just before it asks; and who has checked already has asked by the time of that look.
 */

import type { Attempt } from "../core/attempt.ts";
import { builtChange } from "../core/built-change.ts";
import type { LaunchTaken } from "../core/event.ts";
import {
  CREATE_LOOKUP_PAUSE_MS,
  CREATE_LOOKUPS_NEEDED,
  CREATE_WORD_HEARD_MS,
  LAUNCH_LATE_MS,
  LAUNCH_PATIENCE_MS,
  NEVER_ASKED_BEFORE_MS,
  REPEAT_DELAY_MAX_MS,
} from "../core/limits.ts";
import type { Machine } from "../core/machine.ts";
import { queueLimitAt } from "../core/next-step.ts";
import { type Ending, failed } from "../core/outcome.ts";
import { NO_OUTPUT } from "../core/output.ts";
import { type Launch, launchDueAt } from "../core/pace.ts";
import { machineFiles } from "../core/plan.ts";
import { repeatDelayMs } from "../core/poll.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, found, nothingNew } from "./flow.ts";
import { giveSecrets, secretsOf } from "./give-secrets.ts";
import { seenStarted } from "./observe.ts";
import { readOutput } from "./read-output.ts";
import { settleNow } from "./settle.ts";

export async function launch(ports: FlowPorts, drive: Drive): Promise<Findings> {
  const now = ports.clock.now();
  const attempt = drive.attempt();
  const dueAt = launchDueAt(drive.state.run, attempt, now);
  if (now < dueAt) return nothingNew(dueAt - now);
  // Who has to look does so first: a Machine that is there needs no launch, and would be over before one comes where many wait.
  if (attempt.mayBeAsked && !drive.neverAsked) return look(ports, drive);
  if (needsAnother(ports, drive, now)) return takeAnother(ports, drive, now);
  // After a wait several drivers may think that it is theirs to ask: the one whose event is stored is the first to.
  if (!attempt.mayBeAsked) return found(launchTaken(attempt, now, { app: attempt.app, at: dueAt }, true));
  return askIfUnchanged(ports, drive);
}

/**
 * Each ask has a launch of its own, or after an outage all would come at once.
 * @param readyAt when the driver came to it; where it has to look, when its looks began: lists can take longer than a launch may be late
 */
function needsAnother({ launches }: FlowPorts, drive: Drive, readyAt: number): boolean {
  const { createAskedAt } = drive.attempt();
  const isLate = readyAt - launchDueAt(drive.state.run, drive.attempt(), readyAt) > LAUNCH_LATE_MS;
  return launches.isPaced && (drive.spentLaunchAt === createAskedAt || isLate);
}

/**
 * A launch in place of one that is spent or past: in any app as long as nobody can have asked in this one. Where somebody can have,
 * the Machine is looked for once more when its time has come: somebody else may ask until this is stored.
 */
async function takeAnother(ports: FlowPorts, drive: Drive, now: number): Promise<Findings> {
  const attempt = drive.attempt();
  const { app, machineName, mayBeAsked } = attempt;
  if (mayBeAsked) drive.neverAsked = false;
  const before = queueLimitAt(drive.state, now);
  const next = await ports.launches.take(now, { machineName, before, ...(mayBeAsked && { onlyIn: app }) });
  // Others that wait may give up: whoever comes by until the limit tries again.
  if (next === null) return nothingNew(Math.max(1, before - now));
  const at = Math.max(now, next.at);
  const taken = launchTaken(attempt, now, { ...next, at }, mayBeAsked || at === now);
  if (drive.lookedSince === null) return found(taken);
  // One look more once others have heard of it, which makes a launch that comes before then no later.
  drive.lookedSince = at <= now + CREATE_WORD_HEARD_MS ? at : null;
  await rememberLooked(ports, drive, taken);
  return nothingNew(Math.max(CREATE_WORD_HEARD_MS, at - now));
}

/** Stores a driver's own event, beside which its looks still stand: another one is needed, and not all. */
async function rememberLooked(ports: FlowPorts, drive: Drive, event: LaunchTaken): Promise<boolean> {
  const { emptyLookups } = drive;
  const isStored = await drive.remember(ports, found(event));
  if (isStored) drive.emptyLookups = emptyLookups;
  return isStored;
}

function launchTaken(
  { number }: Attempt,
  now: number,
  { app, at }: Launch,
  mayBeAsked: boolean,
): LaunchTaken {
  return { type: "launch_taken", at: now, attempt: number, app, launchAt: at, mayBeAsked };
}

/** Looks for the Machine of an earlier ask. */
export async function lookForMachine(ports: FlowPorts, drive: Drive): Promise<Findings> {
  const look = await ports.machines.find(drive.attempt().machineName, drive.state.run.id);
  if (look.kind === "found") return created(ports, drive, look.machine, true);
  if (look.kind === "absent") drive.emptyLookups += 1;
  else drive.unheard = true;
  return nothingNew(look.kind === "failed" ? drive.backOffMs() : CREATE_LOOKUP_PAUSE_MS);
}

async function look(ports: FlowPorts, drive: Drive): Promise<Findings> {
  const before = drive.emptyLookups;
  const askedAt = ports.clock.now();
  drive.lookedSince ??= askedAt;
  const readyAt = drive.lookedSince;
  const findings = await lookForMachine(ports, drive);
  if (drive.emptyLookups === before) {
    // What nobody answers takes no part in how late its launch is: after an outage all would come at once.
    drive.lookedSince = null;
    return findings;
  }
  const now = ports.clock.now();
  // One empty list proves nothing: a list may lag behind a create.
  const isLookedFor = drive.emptyLookups >= CREATE_LOOKUPS_NEEDED;
  if (needsAnother(ports, drive, readyAt)) return isLookedFor ? takeAnother(ports, drive, now) : findings;
  if (drive.wordAt === null) {
    const turnMs = othersTurnMs(drive, askedAt);
    if (turnMs > 0) return nothingNew(Math.max(turnMs, CREATE_LOOKUP_PAUSE_MS));
    if (!(await sayThatItAsks(ports, drive))) return nothingNew(0);
  }
  // A clock that was set back meanwhile.
  drive.wordAt = Math.min(drive.wordAt ?? now, ports.clock.now());
  const heardAt = drive.wordAt + CREATE_WORD_HEARD_MS;
  if (isLookedFor && askedAt >= heardAt) return askIfUnchanged(ports, drive);
  return nothingNew(Math.max(heardAt - ports.clock.now(), isLookedFor ? 0 : CREATE_LOOKUP_PAUSE_MS));
}

/**
 * How long another driver is left to itself, which may have stored just before that it asks: two beside each other would take the word
 * from each other again and again.
 */
function othersTurnMs(drive: Drive, nowMs: number): number {
  const { updatedAt } = drive.state.run;
  const ageMs = nowMs - updatedAt;
  // Of a plan alone no other look is under way, and what a clock ahead has stored tells nothing.
  if (updatedAt <= drive.attempt().plannedAt || ageMs < 0) return 0;
  return CREATE_WORD_HEARD_MS + CREATE_LOOKUP_PAUSE_MS - ageMs;
}

/**
 * Asks where nobody else has driven the run meanwhile: a driver with other code can have made the Machine and be done with
 * it. What was learnt too long ago, as answers can be late, is learnt anew.
 */
async function askIfUnchanged(ports: FlowPorts, drive: Drive): Promise<Findings> {
  // Before what is found out about the run, which must not be old by the ask; and anew, as one of them can have been removed.
  drive.secrets = null;
  await secretsOf(ports, drive);
  const learntAt = ports.clock.now();
  // Later another driver may have come by.
  const isFresh =
    learntAt - drive.state.run.updatedAt < NEVER_ASKED_BEFORE_MS && drive.hasNoMachine(learntAt);
  if (drive.failures === 0 && isFresh) return ask(ports, drive);
  if (!(await isUnchanged(ports, drive))) {
    drive.neverAsked = false;
    return nothingNew(0);
  }
  return ports.clock.now() - learntAt <= CREATE_LOOKUP_PAUSE_MS ? ask(ports, drive) : nothingNew(0);
}

async function isUnchanged(ports: FlowPorts, drive: Drive): Promise<boolean> {
  const { version } = drive.state.run;
  await drive.lookAgain(ports);
  return drive.state.run.version === version;
}

/**
 * Whoever is not known to be the first says that it asks: the event's number is the lock, so that who has planned the attempt and
 * hears of no such event knows that nobody else has asked, however long its own ask takes.
 */
async function sayThatItAsks(ports: FlowPorts, drive: Drive): Promise<boolean> {
  const now = ports.clock.now();
  const { app, createAskedAt } = drive.attempt();
  const launch = { app, at: Math.min(createAskedAt, now) };
  return rememberLooked(ports, drive, launchTaken(drive.attempt(), now, launch, true));
}

async function ask(ports: FlowPorts, drive: Drive): Promise<Findings> {
  const { run } = drive.state;
  const { machineName, machineConfig, number, app, createAskedAt } = drive.attempt();
  const secrets = await secretsOf(ports, drive);
  if (secrets?.given === null)
    return afterRefusal(ports, drive, failed("launch_refused", secrets.problem ?? ""));
  const { neverAsked: neverAskedBefore, askIsUnclear: wasUnclear } = drive;
  drive.spentLaunchAt = createAskedAt;
  drive.neverAsked = false;
  drive.askIsUnclear = true;
  drive.emptyLookups = 0;
  drive.lookedSince = null;
  const result = await ports.machines.create(
    machineName,
    machineConfig,
    machineFiles(run.spec, machineName, secrets?.given ?? null, builtChange(run)),
  );
  const at = ports.clock.now();
  if ("error" in result) drive.lastAnswer = result.error;
  switch (result.kind) {
    case "created":
      drive.offsets = { ...NO_OUTPUT };
      return createdAndMaybeMore(ports, drive, result.machine);
    case "exists":
      // Whoever has asked for it, it may have run.
      drive.asksAreOwn = false;
      return nothingNew(drive.backOffMs());
    case "later":
      // This ask made no Machine, which says nothing of an earlier one.
      drive.neverAsked = neverAskedBefore;
      drive.askIsUnclear = wasUnclear;
      if (result.tooMany) await ports.launches.refused(app, at);
      return nothingNew(drive.backOffMs());
    case "uncertain":
      return {
        events: [{ type: "create_uncertain", at, attempt: number, error: result.error }],
        chunks: [],
        pauseMs: repeatDelayMs(
          drive.attempt().uncertainCreates + 1,
          CREATE_LOOKUP_PAUSE_MS,
          REPEAT_DELAY_MAX_MS,
        ),
      };
    case "refused":
      drive.neverAsked = neverAskedBefore;
      drive.askIsUnclear = wasUnclear;
      return afterRefusal(ports, drive, failed(result.reason, result.error));
  }
}

/**
 * A refusal that took long says nothing of another driver, which may have come by meanwhile and asked with success: its Machine
 * is the attempt's.
 */
async function afterRefusal(ports: FlowPorts, drive: Drive, ending: Ending): Promise<Findings> {
  if (drive.neverAsked && !drive.hasNoMachine(ports.clock.now())) {
    const look = await ports.machines.find(drive.attempt().machineName, drive.state.run.id);
    if (look.kind === "found") return created(ports, drive, look.machine, true);
    if (look.kind === "failed") drive.neverAsked = false;
  }
  return settleNow(ports, drive, ending);
}

/**
 * A Machine that starts at once, and what a short command has done by then, are one thing to record, not three. A crash
 * in between loses nothing: the Machine is found again by its name.
 */
async function createdAndMaybeMore(ports: FlowPorts, drive: Drive, machine: Machine): Promise<Findings> {
  const { events } = created(ports, drive, machine, false);
  if (drive.attempt().machineConfig.startsAt !== undefined) return found(...events);
  const wait = await ports.machines.wait(machine.id, "started", LAUNCH_PATIENCE_MS, drive.interrupt);
  if (wait.kind !== "reached") return found(...events);
  // Whatever keeps the secrets from the Machine now: the Machine is recorded, and they are given in the next step.
  const given = await giveSecrets(ports, drive, machine.id);
  if (given.kind !== "given") return found(...events);
  // Secrets can have kept it long.
  events.push(await seenStarted(ports, drive.ahead(events)));
  if (drive.state.run.spec.capture !== "output") return found(...events);
  const more = await readOutput(ports, drive.ahead(events), ports.clock.now());
  return { ...more, events: [...events, ...more.events] };
}

function created(ports: FlowPorts, drive: Drive, machine: Machine, adopted: boolean): Findings {
  drive.failures = 0;
  drive.made = {
    type: "machine_created",
    at: ports.clock.now(),
    attempt: drive.attempt().number,
    machineId: machine.id,
    region: machine.region,
    adopted,
  };
  return found(drive.made);
}

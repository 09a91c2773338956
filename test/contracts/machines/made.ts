/**
 * What the promises make, so that all of it is gone in the end, also where one failed. Everything is small, has a name of its
 * own and is known by a mark in its metadata; a Machine ends by itself where a run of the suite was killed.
 */

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Api, Asked } from "./api.ts";
import type { Answer, OperationId } from "./operations.ts";
import type { Machine } from "./schemas/machine.ts";
import type { Target } from "./target.ts";

const PREFIX = "mayfly-contract-";
/** Metadata of Machines, and the beginning of volumes' names. */
const MARK = "mayfly_contract";
const SECRET_PREFIX = "MAYFLY_CONTRACT_";
/** A killed run leaves things behind; younger ones can be of a run that is under way. */
const LEFTOVER_AFTER_MS = 3_600_000;
const WAIT_S = 15;
const PAUSE_MS = 1_000;

/** A main process that lives as long as any promise needs it, and no longer than money allows. */
export const LIVES = ["sleep", "900"];
/** Where a Machine keeps something for these promises, as its shell writes it. */
export const PLACE = `\${HOME:-/root}/mayfly-contract`;

export class Made {
  readonly #api: Api;
  readonly #target: Target;
  readonly #run = randomBytes(4).toString("hex");
  readonly #machines = new Set<string>();
  readonly #volumes = new Set<string>();
  readonly #secrets = new Set<string>();
  readonly #apps = new Set<string>();
  #names = 0;

  constructor(api: Api, target: Target) {
    this.#api = api;
    this.#target = target;
  }

  /** A name that nobody else has. */
  name(word: string): string {
    this.#names += 1;
    return `${PREFIX}${this.#run}-${word}-${this.#names}`;
  }

  /** Runs once and destroys itself, unless `more` says otherwise. */
  config(argv: readonly string[], more: { metadata?: object } & Record<string, unknown> = {}) {
    return {
      image: this.#target.image,
      auto_destroy: true,
      restart: { policy: "no" },
      init: { exec: argv },
      ...more,
      metadata: { [MARK]: this.#run, ...more.metadata },
    };
  }

  async machine(
    argv: readonly string[],
    config: { metadata?: object } & Record<string, unknown> = {},
    more: Record<string, unknown> = {},
  ): Promise<Machine> {
    const { region } = this.#target;
    const body = {
      name: this.name("machine"),
      ...(region !== "" && { region }),
      config: this.config(argv, config),
      ...more,
    };
    const made = await this.#api.ok("Machines_create", { body });
    this.#machines.add(made.id);
    return made;
  }

  /** One whose main process runs. */
  async started(config: { metadata?: object } & Record<string, unknown> = {}, more = {}): Promise<Machine> {
    const { id } = await this.machine(LIVES, config, more);
    await this.reach(id, "started");
    return this.#api.ok("Machines_show", { machine: id });
  }

  /** One whose main process has come as far as to say so: it has done `begin`, and then waits about as long as {@link LIVES}. */
  async ready(begin: string, config: { metadata?: object } & Record<string, unknown> = {}): Promise<Machine> {
    const waits = "n=0; while [ $n -lt 9000 ]; do sleep 0.1; n=$((n+1)); done";
    const machine = await this.machine(["sh", "-c", `${begin}\necho > ${PLACE}\n${waits}`], config);
    await this.reach(machine.id, "started");
    await this.exec(machine.id, ["sh", "-c", `until [ -e ${PLACE} ]; do sleep 0.1; done`]);
    return machine;
  }

  async volume(
    more: Record<string, unknown> = {},
    region = this.#target.region,
  ): Promise<Answer<"Volumes_create">> {
    const body = {
      name: `${MARK}_${this.#run}`,
      size_gb: 1,
      snapshot_retention: 1,
      ...(region !== "" && { region }),
      ...more,
    };
    const volume = await this.#api.ok("Volumes_create", { body });
    this.#volumes.add(volume.id);
    return volume;
  }

  /** A name for a secret of the app. */
  secret(word: string): string {
    const name = `${SECRET_PREFIX}${this.#run}_${word}`.toUpperCase();
    this.#secrets.add(name);
    return name;
  }

  /** A name for an app of the organization. */
  app(word: string): string {
    const name = this.name(word);
    this.#apps.add(name);
    return name;
  }

  /** Waits until the Machine is in the state. Fly may need several waits, and not know the Machine for the first moments. */
  async reach(machine: string, state: string): Promise<void> {
    const asked = { machine, query: { state, timeout: WAIT_S } };
    await this.patiently("Machines_wait", asked, [404, 408, 502, 503, 504]);
  }

  /** Asks until it is not "not now": Fly refuses with 412 for some seconds after a stop or an update. */
  async patiently<K extends OperationId>(
    id: K,
    asked: Asked,
    notNow: readonly number[] = [412],
  ): Promise<Answer<K>> {
    const giveUpAt = Date.now() + this.#target.patienceMs;
    for (;;) {
      const { body, refusal } = await this.#api.call(id, asked);
      if (refusal === null) return body;
      if (!this.#target.isReal || !notNow.includes(refusal.status) || Date.now() > giveUpAt)
        throw new Error(`${id} was refused with ${refusal.status}: ${refusal.text}`);
      await sleep(PAUSE_MS);
    }
  }

  /** Runs a command in the Machine. */
  exec(machine: string, command: readonly string[]): Promise<Answer<"Machines_exec">> {
    return this.patiently("Machines_exec", { machine, body: { command, timeout: 20 } });
  }

  /** Has what a killed run left destroyed in the end, too. */
  async findLeftovers(): Promise<void> {
    const isOld = ({ created_at }: { created_at: string }) =>
      Date.now() - Date.parse(created_at) > LEFTOVER_AFTER_MS;
    const machines = (await this.#api.ok("Machines_list")).filter(isOld);
    for (const { id, config } of machines) if (config.metadata?.[MARK] !== undefined) this.#machines.add(id);
    const volumes = (await this.#api.ok("Volumes_list")).filter(isOld);
    for (const { id, name } of volumes) if (name.startsWith(MARK)) this.#volumes.add(id);
    const { secrets } = await this.#api.ok("Secrets_list");
    for (const { name } of secrets.filter(isOld)) if (name.startsWith(SECRET_PREFIX)) this.#secrets.add(name);
  }

  /** @throws AggregateError with what is still there */
  async destroyAll(): Promise<void> {
    const left: unknown[] = [];
    const each = async (ids: Iterable<string>, remove: (id: string) => Promise<unknown>) => {
      for (const id of ids)
        await remove(id).catch((error: Error) => left.push(new Error(`${id}: ${error.message}`)));
    };
    const marked = await this.#marked().catch((error: Error) => {
      left.push(error);
      return [];
    });
    const machines = new Set([...this.#machines, ...marked]);
    await each(machines, (machine) => this.#gone("Machines_delete", { machine, query: { force: true } }));
    if (this.#volumes.size > 0) await each(machines, (id) => this.reach(id, "destroyed"));
    await each(this.#volumes, (volume) => this.#gone("Volume_delete", { volume }));
    await each(this.#secrets, (secret) => this.#gone("Secret_delete", { secret }));
    await each(this.#apps, (app) => this.#gone("Apps_delete", { app }));
    if (left.length > 0)
      throw new AggregateError(left, `left behind, to be removed by hand: ${left.map(String).join("; ")}`);
  }

  /** Those, too, whose create was refused in the end but took effect. */
  async #marked(): Promise<string[]> {
    const machines = await this.#api.ok("Machines_list", { query: { [`metadata.${MARK}`]: this.#run } });
    return machines.map(({ id }) => id);
  }

  /** Removes what may be gone already. */
  async #gone(id: OperationId, asked: Asked): Promise<void> {
    const giveUpAt = Date.now() + this.#target.patienceMs;
    for (;;) {
      const { refusal } = await this.#api.call(id, asked);
      if (refusal === null || refusal.status === 404) return;
      if (Date.now() > giveUpAt) throw new Error(`${id} was refused with ${refusal.status}: ${refusal.text}`);
      await sleep(PAUSE_MS);
    }
  }
}

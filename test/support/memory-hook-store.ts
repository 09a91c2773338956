/** The store of hooks in memory. It keeps the contract in `test/contracts/hook-store-contract.ts`. */

import type { HookKey, RefusedCalls } from "../../src/core/hook/hook.ts";
import {
  DELIVERIES_SCAN_MAX,
  DELIVERIES_TEXT_SCAN_MAX,
  REFUSED_CALLS_APART_MS,
} from "../../src/core/limits.ts";
import type {
  CalledHook,
  DeliveryFilter,
  DeliveryPage,
  DeliveryRun,
  DeliverySummary,
  HookStore,
  NewDelivery,
  NewHook,
  RecordedDelivery,
  ShownDelivery,
  StoredHook,
} from "../../src/flow/ports/hooks.ts";
import type { DefinedJob } from "../../src/flow/ports/jobs.ts";
import type { SealedSecret } from "../../src/flow/ports/secrets.ts";

export class MemoryHookStore implements HookStore {
  readonly hooks = new Map<string, StoredHook>();
  /** By hook and id. */
  readonly ledger = new Map<string, RecordedDelivery>();
  /** What runs are doing; the store of runs says it. */
  runOf: (runId: string) => DeliveryRun | null = () => null;
  /** A job that is there, and its secrets in force; the stores of those say it. */
  jobOf: (orgId: string, job: string) => Promise<DefinedJob | null> = async () => null;
  secretsOf: (orgId: string, names: string[]) => Promise<SealedSecret[]> = async () => [];

  sync(orgId: string, job: string, wanted: NewHook[], at: number): void {
    const names = new Set(wanted.map(({ spec }) => spec.name));
    for (const [key, hook] of this.hooks)
      if (hook.orgId === orgId && hook.job === job && !names.has(hook.name)) this.hooks.delete(key);
    for (const { id, spec } of wanted) {
      const key = { orgId, job, name: spec.name };
      const known = this.hooks.get(textOf(key));
      this.hooks.set(
        textOf(key),
        known ? { ...known, spec } : { ...key, id, spec, createdAt: at, urlSince: at, refused: null },
      );
    }
  }

  /** Stores a run's delivery; false where there is one of its id. */
  deliver(delivery: NewDelivery): boolean {
    if (this.ledger.has(textOf(delivery, delivery.id))) return false;
    this.ledger.set(textOf(delivery, delivery.id), { ...delivery, repeats: 0, repeatedAt: null });
    return true;
  }

  async called(id: string): Promise<CalledHook | null> {
    const hook = [...this.hooks.values()].find((one) => one.id === id);
    const job = hook && (await this.jobOf(hook.orgId, hook.job));
    if (!hook || !job) return null;
    const { run } = job.definition as { run: { secrets?: Record<string, string>; checkout?: unknown } };
    const { token, deploy_key } = (run?.checkout ?? {}) as { token?: string; deploy_key?: string };
    const named = [...Object.values(run?.secrets ?? {}), token, deploy_key].filter(
      (name) => name !== undefined,
    );
    return {
      hook,
      job,
      secrets: await this.secretsOf(hook.orgId, hook.spec.secrets),
      runSecrets: (await this.secretsOf(hook.orgId, named)).map(({ name, size }) => ({ name, size })),
    };
  }

  async find(key: HookKey): Promise<StoredHook | null> {
    return this.hooks.get(textOf(key)) ?? null;
  }

  async ofJob(orgId: string, job: string): Promise<StoredHook[]> {
    return this.#sorted().filter((hook) => hook.orgId === orgId && hook.job === job);
  }

  async list(
    orgId: string,
    after: { job: string; name: string } | null,
    limit: number,
  ): Promise<StoredHook[]> {
    const isAfter = ({ job, name }: StoredHook) =>
      after === null || job > after.job || (job === after.job && name > after.name);
    return this.#sorted()
      .filter((hook) => hook.orgId === orgId && isAfter(hook))
      .slice(0, limit);
  }

  async lastDeliveries(keys: HookKey[]): Promise<ShownDelivery[]> {
    return keys.flatMap((key) => this.#of(key)[0] ?? []).map((row) => this.#shown(summaryOf(row)));
  }

  async rotate(key: HookKey, id: string, at: number): Promise<StoredHook | null> {
    const hook = this.hooks.get(textOf(key));
    if (!hook) return null;
    this.hooks.set(textOf(key), { ...hook, id, urlSince: at, refused: null });
    return this.find(key);
  }

  async addRefused(id: string, refused: RefusedCalls): Promise<void> {
    const hook = [...this.hooks.values()].find((one) => one.id === id);
    if (!hook) return;
    const { refused: before } = hook;
    const isNear = before !== null && before.lastAt > refused.since - REFUSED_CALLS_APART_MS;
    const all = isNear
      ? {
          calls: before.calls + refused.calls,
          since: Math.min(before.since, refused.since),
          lastAt: Math.max(before.lastAt, refused.lastAt),
        }
      : refused;
    this.hooks.set(textOf(hook), { ...hook, refused: all });
  }

  async record(delivery: NewDelivery, at: number): Promise<{ delivery: DeliverySummary; isNew: boolean }> {
    if (this.deliver(delivery))
      return { delivery: summaryOf({ ...delivery, repeats: 0, repeatedAt: null }), isNew: true };
    const known = await this.repeated(delivery, delivery.id, at);
    if (known === null) throw new Error("it is there");
    return { delivery: known, isNew: false };
  }

  async repeated(key: HookKey, id: string, at: number): Promise<DeliverySummary | null> {
    const known = this.ledger.get(textOf(key, id));
    if (!known) return null;
    const row = { ...known, repeats: known.repeats + 1, repeatedAt: at };
    this.ledger.set(textOf(key, id), row);
    return summaryOf(row);
  }

  async delivery(key: HookKey, id: string): Promise<ShownDelivery<RecordedDelivery> | null> {
    const row = this.ledger.get(textOf(key, id));
    return row ? this.#shown(this.#withBody(row)) : null;
  }

  async deliveries(key: HookKey, filter: DeliveryFilter): Promise<DeliveryPage> {
    const { verdict, runId, text, before, limit } = filter;
    const isFiltered = verdict !== null || runId !== null || text !== null;
    const scan = text === null ? DELIVERIES_SCAN_MAX : DELIVERIES_TEXT_SCAN_MAX;
    const looked = isFiltered ? scan : limit + 1;
    const rows = this.#of(key)
      .filter((row) => before === null || byNewest(row, { ...row, ...before }) > 0)
      .slice(0, looked);
    const found = rows.filter(
      (row) =>
        (verdict === null || row.verdict === verdict) &&
        (runId === null || row.runId === runId) &&
        (text === null || hasText(this.#withBody(row), text)),
    );
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : rows.length === looked ? rows.at(-1) : undefined;
    return {
      deliveries: page.map((row) => this.#shown(summaryOf(row))),
      nextBefore: last === undefined ? null : { receivedAt: last.receivedAt, id: last.id },
    };
  }

  async newest(key: HookKey, limit: number, maxBytes: number): Promise<RecordedDelivery[]> {
    let bytes = 0;
    return this.#of(key)
      .filter(({ originId }) => originId === null)
      .slice(0, limit)
      .filter(({ bodyBytes }, index) => {
        bytes += bodyBytes;
        return index === 0 || bytes <= maxBytes;
      })
      .map((row) => this.#withBody(row));
  }

  async resends(key: HookKey, originId: string): Promise<number> {
    return this.#of(key).filter(({ id }) => id.startsWith(`${originId}+resend.`)).length;
  }

  async ledgers(after: HookKey | null, limit: number): Promise<HookKey[]> {
    const keys = new Map(
      [...this.ledger.values()].map(({ orgId, job, name }) => [
        textOf({ orgId, job, name }),
        { orgId, job, name },
      ]),
    );
    return [...keys.entries()]
      .filter(([text]) => after === null || text > textOf(after))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([, key]) => key);
  }

  async forget(ledgers: HookKey[], beforeMs: number, limit: number): Promise<number> {
    const old = ledgers
      .flatMap((key) => this.#of(key))
      .filter((row) => row.receivedAt < beforeMs && !this.#of(row).some((part) => part.bodyOf === row.id));
    for (const row of old.slice(0, limit)) this.ledger.delete(textOf(row, row.id));
    return Math.min(old.length, limit);
  }

  #of(key: HookKey): RecordedDelivery[] {
    return [...this.ledger.values()].filter((row) => textOf(row) === textOf(key)).sort(byNewest);
  }

  #withBody(row: RecordedDelivery): RecordedDelivery {
    const holder = row.bodyOf === null ? row : this.ledger.get(textOf(row, row.bodyOf));
    return { ...row, body: holder?.bodySha256 === row.bodySha256 ? holder.body : new Uint8Array() };
  }

  #shown<D extends DeliverySummary>(row: D): ShownDelivery<D> {
    return { ...row, run: row.runId === null ? null : this.runOf(row.runId) };
  }

  #sorted(): StoredHook[] {
    return [...this.hooks.values()].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  }
}

/** NUL stands between the parts, as it comes before all that they are made of. */
function textOf({ orgId, job, name }: HookKey, ...id: string[]): string {
  return [orgId, job, name, ...id].join("\0");
}

function byNewest(a: DeliverySummary, b: DeliverySummary): number {
  return b.receivedAt - a.receivedAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

function summaryOf({ headers: _headers, body: _body, ...summary }: RecordedDelivery): DeliverySummary {
  return summary;
}

function hasText(row: RecordedDelivery, text: string): boolean {
  const { id, event, detail, change, headers, body } = row;
  const looked = [
    id,
    event,
    detail ?? "",
    JSON.stringify(change),
    JSON.stringify(headers),
    Buffer.from(body).toString(),
  ];
  return looked.some((part) => small(part).includes(small(text)));
}

/** As SQLite's `lower` does it. */
function small(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Webhooks on a real database, with a hand clock, subscribers that answer as they are told, and deaths at any step. */

import { Webhook as Verifier } from "standardwebhooks";
import { statusSender } from "../../src/commit-status/send.ts";
import { newNotificationId, newWebhookId } from "../../src/core/id.ts";
import { maskedUrl } from "../../src/core/webhook/masked-url.ts";
import { EMAIL_URLS, type WebhookSpec } from "../../src/core/webhook/webhook.ts";
import { d1Hooks } from "../../src/d1/hook-store.ts";
import { d1Notifications } from "../../src/d1/notification-store.ts";
import { d1Reports } from "../../src/d1/report-ledger.ts";
import { d1Store } from "../../src/d1/store.ts";
import { d1Webhooks } from "../../src/d1/webhook-store.ts";
import { type NotifyPorts, sendDue, takeUpOutbox } from "../../src/flow/notify.ts";
import type { NewNotification } from "../../src/flow/ports/notifications.ts";
import type { StoredWebhook } from "../../src/flow/ports/webhooks.ts";
import { commitCourier, commitReader, TO_COMMIT } from "../../src/flow/tell-commits.ts";
import { TO_WEBHOOK, webhookCourier, webhookReader } from "../../src/flow/tell-webhooks.ts";
import { createKeyring, type Keyring } from "../../src/secrets/keyring.ts";
import { createWebhookEdge, type WebhookSettings } from "../../src/webhooks/edge.ts";
import type { Payload } from "../../src/webhooks/payload.ts";
import type { Story } from "./a-run.ts";
import { StatusApis } from "./status-apis.ts";

export interface Heard {
  at: number;
  url: string;
  id: string;
  headers: Headers;
  text: string;
  payload: Payload;
}

/** When a life ends: at which of its calls, and whether that still took effect. */
export interface Death {
  call: number;
  tookEffect: boolean;
}

type Step = <T>(act: () => Promise<T>) => Promise<T>;

export const KEY = btoa("0123456789abcdef0123456789abcdef");
const TABLES = ["webhooks", "hooks", "outbox", "notifications", "runs", "run_events", "attempts", "alerts"];

export class NotifyWorld {
  now = Math.floor(Date.now() / 1000) * 1000;
  readonly heard: Heard[] = [];
  /** What subscribers answer. */
  answer: (request: Heard) => Response | Promise<Response> = () => new Response("ok");
  /** How often it was said that somebody is to be told. */
  heardOfFacts = 0;
  /** What lives report. */
  readonly problems: string[] = [];
  settings: WebhookSettings = {
    allowsPrivate: false,
    dnsOverHttpsUrl: null,
    publicUrl: "https://mayfly.test",
  };
  keyring: Keyring = createKeyring(KEY, []);
  secretValues: Record<string, string> = {};
  /** Where commits' statuses are set, at hosts whose names begin with api or git. */
  readonly apis = new StatusApis("a-token");
  /** Facts at which whoever takes them up fails. */
  unreadable: (row: { source: string; seq: number }) => boolean = () => false;
  readonly clock = { now: () => this.now };
  readonly store;
  readonly webhooks;
  readonly notifications;
  /** By webhook. */
  readonly secrets = new Map<string, string>();
  readonly #secrets = { value: async (_orgId: string, name: string) => this.secretValues[name] ?? null };
  #made = 0;
  #lastId = "";
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
    this.store = d1Store(database, () => {
      this.heardOfFacts += 1;
    });
    this.webhooks = d1Webhooks(database);
    this.notifications = d1Notifications(database);
  }

  async clear(): Promise<void> {
    await this.#database.batch(TABLES.map((table) => this.#database.prepare(`DELETE FROM ${table}`)));
  }

  /** How many facts nobody has taken up. */
  async outboxRows(): Promise<number | undefined> {
    return (await this.#database.prepare("SELECT count(*) AS n FROM outbox").first<{ n: number }>())?.n;
  }

  edge(fetched: typeof fetch = (...call) => this.#fetch(...call)) {
    return createWebhookEdge({
      webhooks: this.webhooks,
      keyring: this.keyring,
      secrets: this.#secrets,
      settings: this.settings,
      clock: this.clock,
      fetch: fetched,
    });
  }

  /** A webhook that is told of everything, unless told otherwise. */
  async subscribe(spec: Partial<WebhookSpec> = {}): Promise<StoredWebhook> {
    this.#made += 1;
    const id = newWebhookId(crypto.getRandomValues(new Uint8Array(16)));
    const edge = this.edge();
    const secret = edge.newSecret();
    this.secrets.set(id, secret);
    const url =
      spec.kind === "email" && spec.email
        ? EMAIL_URLS[spec.email.provider]
        : `https://subscriber-${this.#made}.example/hear`;
    const isSecretUrl = spec.kind === "slack";
    const webhook: StoredWebhook = {
      kind: "standard",
      url: isSecretUrl ? maskedUrl(url) : url,
      description: null,
      email: null,
      events: ["run.queued", "run.started", "run.retrying", "run.succeeded", "run.failed", "run.cancelled"],
      jobs: null,
      tags: null,
      ...spec,
      orgId: "default",
      id,
      revision: 1,
      createdAt: this.now + this.#made,
      updatedAt: this.now,
      disabledAt: null,
      disabledWhy: null,
      failingSince: null,
      failedAt: null,
      secret: await edge.seal("default", id, isSecretUrl ? url : secret),
      oldSecret: null,
      oldSecretUntil: null,
    };
    await this.webhooks.add(webhook, 1000);
    return webhook;
  }

  /** Stores a run with all that its story tells, an event at a time or all at once. */
  async happens({ state, events }: Story, atOnce = false): Promise<string> {
    const { acceptRun, applyEvents } = await import("../../src/core/lifecycle.ts");
    const [accepted, ...others] = events;
    if (accepted?.type !== "accepted") throw new Error("a story begins with a run's acceptance");
    const first = acceptRun(state.run.id, state.run.orgId, accepted);
    if (atOnce) await this.store.accept(state, events, null);
    else {
      await this.store.accept(first, [accepted], null);
      let before = first;
      for (const event of others) {
        const after = await this.store.record(before, [event], []);
        if (after === null || applyEvents(before, [event]) === null)
          throw new Error(`${event.type} was not stored`);
        before = after;
      }
    }
    return state.run.id;
  }

  /** What a notifier is given. @param step is asked for each call that leaves it */
  ports(step: Step = (act) => act()): NotifyPorts {
    const mortal = <T extends object>(whole: T): T =>
      new Proxy(whole, {
        get: (target, name) => {
          const act = target[name as keyof T];
          return typeof act === "function"
            ? (...args: unknown[]) => step(() => act.apply(target, args))
            : act;
        },
      });
    const edge = this.edge((...call) => step(() => this.#fetch(...call)));
    const webhooks = mortal(this.webhooks);
    return {
      notifications: mortal(this.notifications),
      readers: [
        {
          read: async (row) => {
            if (this.unreadable(row)) throw new Error("it can not be read");
            return [];
          },
        },
        webhookReader(webhooks, edge),
        commitReader(this.settings.publicUrl),
      ],
      couriers: {
        [TO_WEBHOOK]: webhookCourier(webhooks, edge),
        [TO_COMMIT]: commitCourier({
          ledger: mortal(d1Reports(this.#database)),
          notifications: mortal(this.notifications),
          hooks: mortal(d1Hooks(this.#database)),
          send: statusSender({
            secrets: this.#secrets,
            settings: this.settings,
            fetch: (...call) => step(() => this.#fetch(...call)),
            clock: this.clock,
          }),
          clock: this.clock,
        }),
      },
      notifiers: { wake: async () => {} },
      notificationId: () => this.#newId(),
      clock: this.clock,
    };
  }

  /** One life of all notifiers: takes up what there is and sends what is due. @returns how many calls it made, and whether it died */
  async live(death: Death | null = null): Promise<{ calls: number; hasDied: boolean }> {
    let calls = 0;
    let hasDied = false;
    const step: Step = async (act) => {
      calls += 1;
      if (hasDied) throw new Error("killed");
      if (death !== null && calls >= death.call) {
        hasDied = true;
        if (death.tookEffect) await act();
        throw new Error("killed");
      }
      return act();
    };
    const ports = this.ports(step);
    const never = () => new Promise<void>(() => {});
    try {
      this.problems.push(...(await takeUpOutbox(ports)).problems);
      const targets = await ports.notifications.dueTargets(100, this.now);
      const due = targets.filter(({ atMs }) => atMs <= this.now);
      const reports = await Promise.all(due.map(({ target }) => sendDue(ports, target, never)));
      this.problems.push(...reports.flatMap(({ problems }) => problems));
    } catch (error) {
      if (!hasDied) throw error;
    }
    return { calls, hasDied };
  }

  /** Goes on by the clock until nothing is pending, or for so long. */
  async liveFor(ms: number): Promise<void> {
    const until = this.now + ms;
    while (true) {
      await this.live();
      const next = (await this.notifications.dueTargets(100, this.now)).map(({ atMs }) => atMs);
      const soonest = Math.max(this.now, Math.min(...next));
      if (soonest > until) break;
      this.now = soonest;
    }
    this.now = until;
  }

  /** Goes on by the clock for so long, and lives only each five hours of it. */
  async liveNowAndThen(ms: number): Promise<void> {
    const until = this.now + ms;
    await this.live();
    for (; this.now < until; await this.live()) this.now = Math.min(until, this.now + 5 * 3_600_000);
  }

  /** What a webhook has heard, in order, without what it has had already: what a subscriber makes of it that drops repeated ids. */
  told({ url }: Pick<StoredWebhook, "url">): Heard[] {
    const ids = new Set<string>();
    return this.heard.filter(({ url: heardAt, id }) => heardAt === url && !ids.has(id) && ids.add(id));
  }

  /** The types of what it has heard of a run. */
  toldOf(webhook: Pick<StoredWebhook, "url">, runId: string): string[] {
    return this.told(webhook).flatMap(({ payload: { type, data } }) =>
      "run" in data && data.run.id === runId ? type : [],
    );
  }

  async ledger({ orgId, id }: StoredWebhook) {
    const filter = { state: null, type: null, line: null, beforeId: null, limit: 200 };
    return (await this.notifications.list(orgId, id, filter)).notifications;
  }

  /** A notification that nothing brought about. */
  async notification(webhook: StoredWebhook, made: Partial<NewNotification> = {}): Promise<void> {
    const whole = { target: webhook.id, line: "a", seq: 1, orgId: "default", kind: TO_WEBHOOK };
    const id = this.#newId();
    const payload = { type: "run.queued", data: {} };
    const told = { ...whole, type: "run.queued", payload: JSON.stringify(payload), id, ...made };
    await this.notifications.takeUp([], [told], this.now);
  }

  #newId(): string {
    this.#lastId = newNotificationId(this.now, crypto.getRandomValues(new Uint8Array(16)), this.#lastId);
    return this.#lastId;
  }

  async #fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input as string, init as RequestInit);
    const isMail = Object.values<string>(EMAIL_URLS).includes(request.url);
    if (!isMail && /^https?:\/\/(?:api|git)/.test(request.url)) return this.apis.handle(request);
    const text = await request.text();
    const id = request.headers.get("webhook-id") ?? "";
    const { url, headers } = request;
    const heard = { at: this.now, url, id, headers, text, payload: JSON.parse(text) as Payload };
    this.heard.push(heard);
    return this.answer(heard);
  }
}

/** Whether a request was signed with a secret, as the subscriber's library sees it. */
export function isSignedWith(secret: string, { text, headers }: Pick<Heard, "text" | "headers">): boolean {
  try {
    new Verifier(secret).verify(text, Object.fromEntries(headers));
    return true;
  } catch {
    return false;
  }
}

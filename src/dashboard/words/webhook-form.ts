/** A webhook as a form has it, and as the API takes it. */

import type { WebhookBody } from "../../api/webhook-schema.ts";
import type { Complaint } from "../../core/error.ts";
import { WEBHOOK_EVENTS } from "../../core/webhook/event-types.ts";
import { WEBHOOK_KINDS, type WebhookKind } from "../../core/webhook/webhook.ts";
import { type Form, linesOf } from "./form.ts";

/** The name of the box that an event is ticked by. */
export function eventField(event: string): string {
  return `event-${event.replaceAll(".", "-")}`;
}

export function kindOf(text: string | undefined): WebhookKind {
  return WEBHOOK_KINDS.find((kind) => kind === text) ?? "standard";
}

/** What fills the form of a webhook that is there. */
export function formOfWebhook({ url, events, jobs, tags, description, email }: WebhookBody): Form {
  return {
    url,
    ...Object.fromEntries(events.map((event) => [eventField(event), "on"])),
    jobs: (jobs ?? []).join("\n"),
    tags: Object.entries(tags ?? {})
      .map(([key, value]) => `${key}:${value}`)
      .join("\n"),
    description: description ?? "",
    provider: email?.provider ?? "",
    from: email?.from ?? "",
    to: (email?.to ?? []).join("\n"),
    key: email?.secret ?? "",
  };
}

/** What of a form both calls take: a new one and a change. */
export function webhookOfForm(form: Form, kind: WebhookKind): { url?: string; [field: string]: unknown } {
  const jobs = linesOf(form.jobs);
  const tags = tagsOf(form);
  const description = (form.description ?? "").trim();
  return {
    ...(kind !== "email" && { url: (form.url ?? "").trim() }),
    events: WEBHOOK_EVENTS.filter((event) => form[eventField(event)] !== undefined),
    jobs: jobs.length === 0 ? null : jobs,
    tags: tags.size === 0 ? null : Object.fromEntries(tags),
    description: description === "" ? null : description,
    ...(kind === "email" && {
      email: {
        provider: form.provider ?? "",
        from: (form.from ?? "").trim(),
        to: linesOf(form.to),
        secret: (form.key ?? "").trim(),
      },
    }),
  };
}

/** "team:a" is the tag `team` of the value `a`, as lists of runs have it. What is none is sent as null, which is refused. */
function tagsOf(form: Form): Map<string, string | null> {
  const tags = new Map<string, string | null>();
  for (const line of linesOf(form.tags)) {
    const [key = "", ...value] = line.split(":").map((part) => part.trim());
    tags.set(key, value.length === 0 || tags.has(key) ? null : value.join(":"));
  }
  return tags;
}

/** What is wrong, as whoever typed the form reads it: he knows of no null. */
export function complaintsOfForm(complaints: readonly Complaint[], form: Form): Complaint[] {
  const wrong = new Map(
    [...tagsOf(form)].flatMap(([key, value]) =>
      value === null ? [[`tags.${key}`, wrongTag(key, form)]] : [],
    ),
  );
  return complaints.map(({ path, message }) => ({
    path,
    message: (path !== null && wrong.get(path)) || message,
  }));
}

function wrongTag(key: string, form: Form): string {
  const isBare = linesOf(form.tags).some((line) => line.trim() === key);
  return isBare
    ? "must be a name and a value with a colon between, such as team:data"
    : "is there twice, and a run has one value of it";
}

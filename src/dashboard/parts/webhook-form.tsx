/** The form of a webhook, a new one or one that is there. */

import type { Complaint } from "../../core/error.ts";
import { WEBHOOK_URL_MAX_CHARS } from "../../core/limits.ts";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../../core/webhook/event-types.ts";
import { EMAIL_PROVIDERS, type WebhookKind } from "../../core/webhook/webhook.ts";
import { visible } from "../words/body-text.ts";
import type { Form } from "../words/form.ts";
import { eventField } from "../words/webhook-form.ts";
import { complaintsElsewhere, described, Field, FieldWrong, LinesField, TextField } from "./field.tsx";

const EVENT_WORDS: Record<WebhookEvent, string> = {
  "run.queued": "a run is accepted",
  "run.started": "its machine is started",
  "run.retrying": "an attempt failed, and another follows",
  "run.succeeded": "it succeeded",
  "run.failed": "it failed",
  "run.cancelled": "it was cancelled",
  "run.finished": "it is over, however it ended",
  "schedule.late": "a schedule's run did not start in time",
  "job.silent": "no run of a job has succeeded for too long",
  "webhook.disabled": "a webhook took nothing for too long",
  "chain.stopped": "a job could not start after another, or too many did",
};

export interface WebhookFormProps {
  action: string;
  kind: WebhookKind;
  form: Form;
  complaints: readonly Complaint[];
  /** Sent along. */
  fields: Record<string, string>;
  /** Of a new one that is signed; else null. */
  secret: string | null;
  word: string;
}

/** Paths of what the form has fields for. */
const PATHS = ["url", "events", "jobs", "tags", "description", "secret", "email"];

export function WebhookForm({ action, kind, form, complaints, fields, secret, word }: WebhookFormProps) {
  const others = complaintsElsewhere(complaints, PATHS);
  const value = (name: string) => form[name] ?? "";
  return (
    <form method="post" action={action} class="card form" id="webhook-form">
      {Object.entries(fields).map(([name, sent]) => (
        <input type="hidden" name={name} value={sent} />
      ))}
      {others.map(({ path, message }) => (
        <p class="problem" role="alert">
          <bdi>{visible(path === null ? message : `${path}: ${message}`)}</bdi>
        </p>
      ))}
      {kind !== "email" && (
        <TextField
          name="url"
          label="URL"
          hint={
            kind === "slack"
              ? "an incoming webhook of Slack, or of what takes the same"
              : "each notification is POSTed to it"
          }
          complaints={complaints}
          value={value("url")}
          type="url"
          maxlength={WEBHOOK_URL_MAX_CHARS}
          isRequired={true}
        />
      )}
      {kind === "email" && <EmailFields form={form} complaints={complaints} />}
      <EventFields form={form} complaints={complaints} />
      <LinesField
        name="jobs"
        label="Jobs"
        hint={
          <>
            names, one a line; <code>*</code> stands for any characters. None: all jobs, and runs without one
          </>
        }
        complaints={complaints}
        value={value("jobs")}
      />
      <LinesField
        name="tags"
        label="Tags"
        hint={
          <>
            one a line, such as <code>team:data</code>; a run must have all of them
          </>
        }
        complaints={complaints}
        value={value("tags")}
      />
      <TextField
        name="description"
        label="Description"
        hint="for people"
        complaints={complaints}
        value={value("description")}
      />
      {secret !== null && <SecretField secret={secret} complaints={complaints} />}
      <button type="submit">{word}</button>
    </form>
  );
}

/** One that was made by chance, for the subscriber to check signatures with: a page shows it here and nowhere else. */
export function SecretField({ secret, complaints }: { secret: string; complaints: readonly Complaint[] }) {
  return (
    <TextField
      name="secret"
      label="Secret"
      hint="Notifications are signed with it. Give it to the subscriber now: it is not shown again."
      complaints={complaints}
      value={secret}
      isRequired={true}
      isCopied={true}
    />
  );
}

function EventFields({ form, complaints }: Pick<WebhookFormProps, "form" | "complaints">) {
  const field = { name: "events", label: "Is told when", complaints };
  return (
    <fieldset id="events" aria-describedby={described(field)["aria-describedby"]}>
      <legend>{field.label}</legend>
      <FieldWrong {...field} />
      <ul class="choices">
        {WEBHOOK_EVENTS.map((event) => (
          <li>
            <label>
              <input
                type="checkbox"
                name={eventField(event)}
                checked={form[eventField(event)] !== undefined}
              />
              <span>
                <code>{event}</code> <span class="muted">{EVENT_WORDS[event]}</span>
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

function EmailFields({ form, complaints }: Pick<WebhookFormProps, "form" | "complaints">) {
  const provider = { name: "provider", label: "Provider", path: "email.provider", complaints };
  return (
    <>
      <Field {...provider}>
        <select {...described(provider)}>
          {EMAIL_PROVIDERS.map((each) => (
            <option value={each} selected={each === form.provider}>
              {each}
            </option>
          ))}
        </select>
      </Field>
      <TextField
        name="key"
        label="Key"
        path="email.secret"
        hint="the name of the secret that the provider's key is stored under"
        complaints={complaints}
        value={form.key ?? ""}
        isRequired={true}
      />
      <TextField
        name="from"
        label="From"
        path="email.from"
        hint="a sender that the provider lets you use: an address, or a name with one, such as CI <ci@example.com>"
        complaints={complaints}
        value={form.from ?? ""}
        isRequired={true}
      />
      <LinesField
        name="to"
        label="To"
        path="email.to"
        hint="addresses, one a line"
        complaints={complaints}
        value={form.to ?? ""}
      />
    </>
  );
}

/** `mayfly hooks delivery`: one delivery with its headers and body. */

import type { Command } from "commander";
import type { DeliveryBody } from "../../../api/delivery-schema.ts";
import type { Client } from "../../api-client.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { facts } from "../../table.ts";
import {
  type DeliveryOptions,
  deliveryOfHookCommand,
  eventText,
  orNoHook,
  verdictText,
} from "./hook-call.ts";

interface ShowOptions {
  body?: boolean;
  json?: boolean;
}

export function deliveryCommand(act: (options: DeliveryOptions & ShowOptions) => Promise<void>): Command {
  return deliveryOfHookCommand<ShowOptions>(
    "delivery",
    "show one of its deliveries",
    "Shows a delivery with the headers that matter and its body.",
    "deploy/github 72d3162e-cc78-11e3-81ab-4c9367dc0958",
    act,
    (command) =>
      command.option("--body", "print the body alone, byte by byte").option("--json", "print JSON"),
  );
}

export async function delivery(
  { job, name, id, body, json }: DeliveryOptions & ShowOptions,
  io: Io,
  client: Client,
): Promise<void> {
  const found = await retried(io, () => client.delivery(job, name, id)).catch(orNoHook(client));
  if (body) {
    await write(io.stdout, found.body ?? Buffer.from(found.body_base64 ?? "", "base64"));
    if (!found.body_complete) await write(io.stderr, `${keptOf(found)}\n`);
    return;
  }
  await write(io.stdout, json ? `${JSON.stringify(found, null, 2)}\n` : text(found));
}

function text(found: DeliveryBody): string {
  const { change, run } = found;
  const status = run === null ? "" : `, ${run.status}`;
  const about = facts([
    ["Delivery", found.id],
    ["Received", found.received_at],
    ["Event", `${eventText(found)} of ${found.source}`],
    ["Verdict", verdictText(found)],
    ["Why", found.detail],
    ["Run", found.run_id === null ? null : `${found.run_id}${status}`],
    ["Secrets", found.without_secrets ? "none, as it is, or may be, from a fork" : null],
    ["Job version", String(found.job_version)],
    ["Resend of", found.resend_of],
    ["Came again", found.repeats === 0 ? null : `${times(found.repeats)}, last ${found.repeated_at}`],
    ["Repository", change?.repository.full_name ?? null],
    ["Ref", change?.ref ?? null],
    ["Commit", change?.sha ?? null],
    ["Body", keptOf(found)],
  ]);
  const headers = facts(Object.entries(found.headers).map(([header, value]) => [`${header}:`, value]));
  return `${about}\nHeaders\n${headers}\nBody\n${shownBody(found)}\n`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function keptOf({ body, body_bytes, body_complete, body_of }: DeliveryBody): string {
  if (body_complete) return `${body_bytes} bytes`;
  const left =
    body_of !== null && body === ""
      ? `, which were kept with the delivery ${body_of}: that is gone`
      : ", of which the first ones are kept";
  return `${body_bytes} bytes${left}`;
}

/** JSON by its lines, and all else as it is but for what would move the cursor. */
function shownBody({ body }: DeliveryBody): string {
  if (body === null) return "(no text; --body prints it)";
  return linesOf(body).map(plain).join("\n");
}

function linesOf(body: string): string[] {
  try {
    return JSON.stringify(JSON.parse(body), null, 2).split("\n");
  } catch {
    return body.split("\n");
  }
}

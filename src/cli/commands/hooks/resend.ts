/** `mayfly hooks resend`: a delivery once more, to the version of the job that is in force. */

import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { CliError } from "../../cli-error.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { type DeliveryOptions, deliveryOfHookCommand, orNoHook, verdictText } from "./hook-call.ts";

export function resendDeliveryCommand(act: (options: DeliveryOptions) => Promise<void>): Command {
  return deliveryOfHookCommand(
    "resend",
    "send one of its deliveries once more",
    "Sends a delivery once more, to the version of the job that is in force, and prints the id of the run.",
    "deploy/github 72d3162e-cc78-11e3-81ab-4c9367dc0958",
    act,
  );
}

export async function resendDelivery(
  { job, name, id }: DeliveryOptions,
  io: Io,
  client: Client,
): Promise<void> {
  const key = randomUUID();
  const resent = retried(io, () => client.resendDelivery(job, name, id, key));
  const receipt = await resent.catch(orNoHook(client));
  const { run_id, detail, delivery } = receipt;
  if (run_id === null)
    throw new CliError(
      `${plain(delivery)} started no run: ${verdictText(receipt)}${detail === null ? "" : `, ${plain(detail)}`}`,
    );
  await write(io.stdout, `${run_id}\n`);
}

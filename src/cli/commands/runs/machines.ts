/** `mayfly runs machines`: the machines that runs have now, and those that no run has. */

import { Command } from "commander";
import type { MachineBody, MachineListBody } from "../../../api/machine-schema.ts";
import { LIST_LIMIT_MAX } from "../../../core/limits.ts";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { age } from "../../spans.ts";
import { table } from "../../table.ts";

export interface MachinesOptions extends ConnectionOptions {
  unknown?: boolean;
  json?: boolean;
}

export function runMachinesCommand(act: (options: MachinesOptions) => Promise<void>): Command {
  const command = new Command("machines")
    .summary("list the machines that there are now, and whose each is")
    .description(
      "Lists the machines that the Machines API has now, one a line, with the run that each is of. One that no living attempt has is unknown: it is destroyed by the second of the minute's sweeps that finds it so.",
    )
    .option("--unknown", "only those that no living attempt has")
    .option("--json", "print JSON")
    .action((options: MachinesOptions) => act(options));
  return withConnection(command);
}

export async function listRunMachines(options: MachinesOptions, io: Io, client: Client): Promise<void> {
  const list = await allPages(client, options.unknown ? "false" : undefined);
  const { next_cursor: _cursor, ...whole } = list;
  if (options.json) return write(io.stdout, `${JSON.stringify(whole, null, 2)}\n`);
  if (list.machines.length > 0)
    await write(
      io.stdout,
      table(
        HEADER,
        list.machines.map((machine) => cells(machine, io.now())),
        io.stdoutIsTty ? io.columns : null,
      ),
    );
  await write(io.stderr, `${countsOf(list, io.now())}\n`);
}

const HEADER = ["ID", "STATE", "REGION", "AGE", "APP", "KNOWN", "WHY", "ATTEMPT", "RUN"];

function cells(machine: MachineBody, nowMs: number): string[] {
  return [
    machine.id,
    machine.state,
    machine.region ?? "",
    machine.created_at === null ? "" : age(Date.parse(machine.created_at), nowMs),
    machine.app,
    machine.known ? "yes" : "no",
    machine.why.replaceAll("_", " "),
    machine.attempt === null ? "" : String(machine.attempt),
    machine.run_id ?? machine.name,
  ];
}

function countsOf({ counts, reaped, last_sweep_at }: MachineListBody, nowMs: number): string {
  const swept = last_sweep_at === null ? "never swept" : `swept ${age(Date.parse(last_sweep_at), nowMs)} ago`;
  return `${counts.known} known, ${counts.unknown} unknown; ${reaped.total} unknown ones destroyed so far, ${reaped.last_24_hours} in the last 24 h; ${swept}`;
}

async function allPages(client: Client, known: string | undefined): Promise<MachineListBody> {
  const machines: MachineBody[] = [];
  let cursor: string | undefined;
  while (true) {
    const page = await client.machines({ known, cursor, limit: LIST_LIMIT_MAX });
    machines.push(...page.machines);
    if (page.next_cursor === null) return { ...page, machines };
    cursor = page.next_cursor;
  }
}

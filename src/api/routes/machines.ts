/** GET /v1/machines: the machines that there are now, and whose each is. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { LIST_LIMIT_DEFAULT } from "../../core/limits.ts";
import { listMachines, type MachineList } from "../../flow/list-machines.ts";
import { type MachineBody, type MachineListBody, machineListSchema } from "../machine-schema.ts";
import type { ApiPorts } from "../ports.ts";
import { timeOrNull } from "../run-body.ts";
import { pageLimit } from "../schema-parts.ts";
import { COMMON_ERRORS } from "./answers.ts";

const querySchema = z.strictObject({
  known: z
    .enum(["true", "false"], 'must be "true" or "false"')
    .optional()
    .openapi({ description: "only machines that a living attempt has, or only those that none has" }),
  limit: pageLimit,
  cursor: z
    .string()
    .regex(/^[^/]+\/[^/]+$/, "must be the next_cursor of the page before, unchanged")
    .optional()
    .openapi({ description: "the next_cursor of the page before" }),
});

const route = createRoute({
  method: "get",
  path: "/v1/machines",
  summary: "List the machines that there are now, with whose they are",
  request: { query: querySchema },
  responses: {
    200: {
      description: "a page of machines, as the Machines API lists them now",
      content: { "application/json": { schema: machineListSchema } },
    },
    ...COMMON_ERRORS,
  },
});

export function machinesRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => c.json(pageOf(await listMachines(ports), c.req.valid("query")), 200));
}

function pageOf(list: MachineList, query: z.output<typeof querySchema>): MachineListBody {
  const limit = query.limit ?? LIST_LIMIT_DEFAULT;
  const machines = list.machines.map(machineBody).sort((a, b) => (cursorOf(a) < cursorOf(b) ? -1 : 1));
  const known = machines.filter((machine) => machine.known).length;
  const after = machines.filter(
    (machine) =>
      (query.known === undefined || machine.known === (query.known === "true")) &&
      (query.cursor === undefined || cursorOf(machine) > query.cursor),
  );
  const page = after.slice(0, limit);
  const last = page.at(-1);
  return {
    machines: page,
    next_cursor: last && after.length > limit ? cursorOf(last) : null,
    counts: { known, unknown: machines.length - known },
    reaped: { total: list.reaped.total, last_24_hours: list.reaped.lastDay },
    last_sweep_at: timeOrNull(list.lastSweepAt),
  };
}

function machineBody({
  app,
  machine,
  runId,
  attempt,
  verdict,
}: MachineList["machines"][number]): MachineBody {
  return {
    id: machine.id,
    app,
    name: machine.name,
    run_id: runId,
    attempt,
    state: machine.state,
    region: machine.region,
    created_at: timeOrNull(machine.createdAt),
    ...verdict,
  };
}

/** Machines that come and go meanwhile move nothing. */
function cursorOf({ app, id }: MachineBody): string {
  return `${app}/${id}`;
}

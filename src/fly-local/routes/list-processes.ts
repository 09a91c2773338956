/** GET …/ps: the processes inside (Fly's OpenAPI document, Machines_list_processes). */

import type { Operation } from "../app.ts";
import { invalid, notImplemented, precondition } from "../error.ts";
import { hasProc, type ProcessStat, processStats } from "../processes/stats.ts";
import { machineOf } from "../request.ts";

const KEYS = ["pid", "stime", "rtime", "command", "directory", "cpu", "rss"] as const;
const ORDERS = ["asc", "desc"];

export const listProcesses: Operation = (c, { host }) => {
  const key = c.req.query("sort_by") || "pid";
  const order = c.req.query("order") || "asc";
  if (!isKey(key)) throw invalid(`sort_by: "${key}" is none of ${KEYS.join(", ")}`);
  if (!ORDERS.includes(order)) throw invalid(`order: "${order}" is none of ${ORDERS.join(", ")}`);
  const machine = machineOf(c, host.registry);
  if (!hasProc()) throw notImplemented(`${c.req.method} ${c.req.path} without a /proc`);
  const pids = host.processes(machine.id);
  if (pids === null) throw precondition("machine not running");
  const rows = processStats(pids).sort((a, b) => compare(a[key], b[key]));
  return c.json(order === "desc" ? rows.reverse() : rows);
};

function isKey(key: string): key is (typeof KEYS)[number] {
  return KEYS.some((known) => known === key);
}

function compare(a: ProcessStat[keyof ProcessStat], b: ProcessStat[keyof ProcessStat]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

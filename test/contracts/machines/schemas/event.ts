/** MachineEvent, and what is in its `request`, which the document leaves open (fly-go: MachineRequest, MachineExitEvent). */

import { z } from "zod";
import { time } from "./parts.ts";

/** Go leaves out what is zero: no exit_code is 0, and a false flag can be absent. */
export const exitEvent = z.strictObject({
  exit_code: z.int().optional(),
  guest_exit_code: z.int().optional(),
  /** -1: none. */
  guest_signal: z.int().optional(),
  guest_error: z.string().optional(),
  signal: z.int().optional(),
  error: z.string().optional(),
  oom_killed: z.boolean().optional(),
  requested_stop: z.boolean().optional(),
  restarting: z.boolean().optional(),
  /** A number here fails all of fly-go's decoding. */
  exited_at: time,
});
export type ExitEvent = z.infer<typeof exitEvent>;

export const machineEvent = z.strictObject({
  id: z.string().length(26).optional(),
  type: z.string(),
  status: z.string().optional(),
  /** "user", "flyd" */
  source: z.string().optional(),
  /** Epoch milliseconds. */
  timestamp: z.int(),
  request: z
    .looseObject({
      exit_event: exitEvent.optional(),
      MonitorEvent: z.looseObject({ exit_event: exitEvent.optional() }).optional(),
      restart_count: z.int().optional(),
    })
    .optional(),
});
export type MachineEvent = z.infer<typeof machineEvent>;

/** What calls answer that do something and have nothing to show: the document has no bodies for them. */

import { z } from "zod";

export const nothing = z.literal("");
export const ok = z.strictObject({ ok: z.literal(true) });

/** fly-go: MachineStartResponse. */
export const started = z.strictObject({
  previous_state: z.string(),
  migrated: z.boolean().optional(),
  new_host: z.string().optional(),
  message: z.string().optional(),
  status: z.string().optional(),
});

/** More than `ok` is of the document of 2026. */
export const waited = z.strictObject({
  ok: z.literal(true),
  state: z.string().optional(),
  version: z.string().optional(),
  event_id: z.string().optional(),
});

/** The first document says that this is a string; what is zero or empty can be absent. */
export const execReply = z.strictObject({
  exit_code: z.int().optional(),
  exit_signal: z.int().optional(),
  stdout: z.string().nullish(),
  stderr: z.string().nullish(),
});

/** What several schemas are made of. */

import { z } from "zod";

export const strings = z.array(z.string());
export const texts = z.record(z.string(), z.string());
/** RFC 3339, as Go writes a `time.Time`. */
export const time = z.iso.datetime({ offset: true });
/** "10s": the document has an object `{"time.Duration": 0}`, the wire Go's text (fly-go, Duration). */
export const duration = z.string().regex(/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/);
export const hostStatus = z.enum(["ok", "unknown", "unreachable"]);

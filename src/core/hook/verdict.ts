/**
 * What a delivery came to.
 * - `started`: a run.
 * - `filtered`: the hook's rules leave it out; `why` says which.
 * - `paused`: the job is.
 * - `refused`: the job can not be run with what it says, or the sender's words were not understood.
 * - `ping`: the sender only asked whether anybody is there.
 */
export type Verdict = (typeof VERDICTS)[number];

export const VERDICTS = ["started", "filtered", "paused", "refused", "ping"] as const;

/**
 * How bad the simulated world can be at worst. What Mayfly promises is promised within these: ARCHITECTURE.md says of each
 * promise what can still be lost, and that is what lies beyond them.
 */

/** Between a request's way out and its effect. */
export const REQUEST_MAX_MS = 150;
/** The same for one that is held up somewhere. */
export const LATE_REQUEST_MAX_MS = 500;
/** How far behind a list or a look can be. With the above: a machine is listed within two seconds of being asked for. */
export const LAG_MAX_MS = 1400;
/** How long every list of a seed can be on its way, beside the above: it tells of when it was asked for. */
export const SLOW_LIST_MIN_MS = 1500;
export const SLOW_LIST_MAX_MS = 25_000;
/** Between the two deliveries of a request that comes twice. Less than any machine lives. */
export const DUPLICATE_MAX_MS = 200;
/** By how much each jump moves the worker's clock, back or forth. */
export const CLOCK_JUMP_MAX_MS = 20_000;
/** How long nobody may be at work at all: the whole deployment is down. */
export const OUTAGE_MAX_MS = 300_000;
/** How long old code goes on beside the new one. */
export const DEPLOY_OVERLAP_MAX_MS = 30_000;
/** How long the Machines API may answer nobody. */
export const API_DOWN_MAX_MS = 90_000;
/** How long a caller waits for an answer. */
export const ANSWER_MAX_MS = 30_000;
/** How far the clock of one of the minute's calls can be from that of the others: as good as right, or quite wrong. */
export const WRONG_CLOCK_MIN_MS = 200_000;
export const WRONG_CLOCK_MAX_MS = 900_000;

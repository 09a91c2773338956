/** Every bound of the local Machines API, with its unit and the reason for it. */

/** Fly refuses longer waits (docs: Wait for a Machine to reach a specified state). */
export const WAIT_MAX_S = 60;
/** Longest exec; Fly's own limit is undocumented and reported as 25 to 60 s. */
export const EXEC_MAX_S = 60;
/** Of an exec. A Machine's init has room for 65,536 arguments and variables together. Fly names no bound. */
export const EXEC_ARGUMENTS_MAX = 32_768;
/** Of one argument with the NUL at its end: Linux' MAX_ARG_STRLEN, which nothing could be started beyond. */
export const EXEC_ARGUMENT_MAX_BYTES = 128 * 1024;
/** Of all of them: half of the 2 MiB that Linux has for arguments and environment. */
export const EXEC_ARGUMENTS_MAX_BYTES = 1024 * 1024;
/** What of each stream of an exec is kept in memory; anything beyond is read and dropped. */
export const EXEC_STREAM_MAX_BYTES = 16 * 1024 * 1024;
/** A create carries its files in the body as base64. */
export const BODY_MAX_BYTES = 8 * 1024 * 1024;
/** Of one Machine; its init has places for 128 commands, and execs need some. Fly names no bound. */
export const PROCESSES_MAX = 32;
/** `events` of a Machine and GET events (Fly: default 20, at most 50). */
export const EVENTS_MAX = 50;
export const EVENTS_DEFAULT = 20;
/** Fly keeps answering GET for a destroyed Machine for about this long. */
export const DESTROYED_KEPT_MS = 48 * 3_600_000;
export const DESTROYED_SWEEP_MS = 3_600_000;
/** Between a stop's signal and SIGKILL (docs: stop_config, kill_timeout). */
export const STOP_TIMEOUT_DEFAULT_MS = 5_000;
export const STOP_TIMEOUT_MAX_MS = 300_000;
/** Fly suspends no larger Machines (docs: Machine suspend and resume; another page says 4 GB). */
export const SUSPEND_MEMORY_MAX_MB = 2048;
/** How long a lease lasts where the request says nothing, and at most; Fly documents neither. */
export const LEASE_TTL_DEFAULT_S = 60;
export const LEASE_TTL_MAX_S = 365 * 24 * 3600;
/** Fly's default restart policy: on-failure, ten times within five minutes (docs: Machine restart policy). */
export const RESTART_MAX_RETRIES = 10;
export const RESTART_WINDOW_MS = 5 * 60_000;
/** Fly restarts 1 to 2 s after the exit; its back-off is undocumented. */
export const RESTART_DELAY_MS = 1_000;
/** Making a sandbox takes some ten milliseconds; a computer that needs longer than this cannot make one. */
export const SANDBOX_READY_MS = 10_000;
/** An engine needs a tenth of a second to some seconds for a container; one that needs longer than this cannot make one. */
export const CONTAINER_READY_MS = 60_000;
/** An engine waits ten seconds for the end of what it removes; one that needs longer than this for a call does not answer. */
export const ENGINE_CALL_MS = 30_000;
/** A container that has not ended by itself then is removed by force; the server itself has two seconds to end. */
export const CONTAINER_KILL_MS = 1_000;
/** How often an engine is asked to remove a container that it refuses to, and how long is waited in between. */
export const CONTAINER_REMOVAL_TRIES = 20;
export const CONTAINER_REMOVAL_PAUSE_MS = 100;
/** A longer line of a main process's output becomes several. */
export const LOG_LINE_MAX_BYTES = 16 * 1024;
/** Kept of what one Machine wrote, and of all of an app: Fly keeps everything for its seven days. */
export const LOG_MACHINE_MAX_BYTES = 1024 * 1024;
export const LOG_APP_MAX_BYTES = 8 * 1024 * 1024;
/** A line is on disk so long after it was written: each time costs a transaction, whatever the number of lines. */
export const LOG_KEEP_MS = 250;
/** About Fly's (docs: Logs API options; measured). */
export const LOG_KEPT_MS = 7 * 24 * 3_600_000;
/** Lines of an answer (docs: Logs API options; measured). */
export const LOG_PAGE = 100;
/** Fly's largest volume, and the longest time that it keeps snapshots (docs: Fly Volumes overview). */
export const VOLUME_MAX_GB = 500;
export const SNAPSHOT_RETENTION_MAX_DAYS = 60;
/** A Machine that writes more in a second loses what is beyond it; reading lines is dearer than anything else in the server. */
export const LOG_MACHINE_BYTES_PER_S = 4 * 1024 * 1024;
/** A server has two seconds to end, and one that wants its state waits for that. */
export const STATE_CLAIM_WAIT_MS = 3_000;
export const STATE_CLAIM_AGAIN_MS = 20;

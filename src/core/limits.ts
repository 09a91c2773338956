/**
 * Every bound Mayfly keeps, with its unit and the reason for its size. Nothing in the product grows, waits or
 * repeats without one of these.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// --- What a caller may send -----------------------------------------------------------------------------------

/** Largest request body. A run spec with its files fits; D1 holds at most 2 MB in one row (Cloudflare D1 limits). */
export const REQUEST_BODY_MAX_BYTES = 1 * MIB;
/** A run's spec as JSON: what a job says, and what a call or a hook's delivery has added. With a run's input it is in one row, of 2 MB at most (Cloudflare D1 limits). */
export const RUN_SPEC_MAX_BYTES = 1.5 * MIB;
/** Objects and lists of a body in one another. A spec has four; whoever walks a body does so by recursion. */
export const JSON_LEVELS_MAX = 32;
/** All of a spec's files together, decoded. They travel inside the Machine's config, next to the env. */
export const FILES_MAX_BYTES = 512 * KIB;
export const FILES_MAX_COUNT = 64;
export const FILE_PATH_MAX_CHARS = 1024;
export const ENV_MAX_COUNT = 256;
/** One env value. Linux refuses a single string of an exec over 128 KiB (MAX_ARG_STRLEN). */
export const ENV_VALUE_MAX_BYTES = 64 * KIB;
export const COMMAND_MAX_ARGS = 1024;
export const COMMAND_ARG_MAX_BYTES = 64 * KIB;
/** A script is put into the Machine as a file, so only the body bound is near. */
export const SCRIPT_MAX_BYTES = 256 * KIB;
/** With a checkout one more. Each is two files and two FIFOs in its Machine, and two digits of a mark. */
export const STEPS_MAX_COUNT = 50;
/** What a Machine can tell of them and of the checkout, at most: that each started, and that it ended. */
export const STEP_FACTS_MAX = 2 * (STEPS_MAX_COUNT + 1);
export const REPOSITORY_MAX_CHARS = 1024;
/** Git's own bound is that of a path. */
export const REF_MAX_CHARS = 256;
/** Hosts that a checkout's token is given by name. */
export const CHECKOUT_TOKEN_HOSTS_MAX = 20;
export const CHECKOUT_DEPTH_MAX = 1_000_000;
export const TAGS_MAX_COUNT = 16;
export const TAG_KEY_MAX_CHARS = 64;
export const TAG_VALUE_MAX_CHARS = 256;
export const NAME_MAX_CHARS = 128;
export const IMAGE_MAX_CHARS = 512;
export const REGIONS_MAX_COUNT = 20;
export const IDEMPOTENCY_KEY_MAX_CHARS = 255;
/** Things that are wrong with a request, or with files, and told at once: more than anybody mends before the next try. */
export const COMPLAINTS_TOLD_MAX = 50;

// --- Time limits of a run -------------------------------------------------------------------------------------

/** From the run's turn until a Machine is created. */
export const QUEUE_TIMEOUT_DEFAULT_MS = 1 * HOUR;
export const QUEUE_TIMEOUT_MAX_MS = 24 * HOUR;
/** From the Machine's creation until it is started: image pull and boot. A large cold image took 70 s on Fly. */
export const BOOT_TIMEOUT_DEFAULT_MS = 2 * MINUTE;
export const BOOT_TIMEOUT_MAX_MS = 1 * HOUR;
/** From the Machine's start until the command ends. */
export const RUN_TIMEOUT_DEFAULT_MS = 15 * MINUTE;
export const RUN_TIMEOUT_MAX_MS = 24 * HOUR;
/** Between the stop signal and the kill. Fly allows at most 300 s (kill_timeout). */
export const STOP_TIMEOUT_DEFAULT_MS = 10 * SECOND;
export const STOP_TIMEOUT_MAX_MS = 5 * MINUTE;
export const TIMEOUT_MIN_MS = 1 * SECOND;
/** How long past a limit that the runner enforces inside the Machine the driver waits before it settles without it. */
export const RUNNER_OVERDUE_MS = 20 * SECOND;
/** How long the runner keeps a finished Machine alive for its output to be fetched, if nobody comes for it. */
export const RUNNER_LINGER_MS = 10 * MINUTE;

/**
 * Runs that one call cancels by a filter; the next goes on. Each takes two or three D1 queries and a call to its driver, and a Workers
 * invocation may make 1,000 of either (Cloudflare Workers and D1 limits).
 */
export const CANCEL_MAX_RUNS = 100;

// --- Secrets ----------------------------------------------------------------------------------------------------

export const SECRET_NAME_MAX_CHARS = 128;
/** Linux refuses a single string of an exec over 128 KiB (MAX_ARG_STRLEN), as of env values. */
export const SECRET_VALUE_MAX_BYTES = 64 * KIB;
/** Secrets of an organization: they are listed in one answer. */
export const SECRETS_MAX_COUNT = 500;
/** Secrets that one run is given. */
export const RUN_SECRETS_MAX_COUNT = 32;
/** Of one run, with their variables' names. Each 3 KiB is a call to the Machine, of which Fly takes one a second, three in a burst. */
export const RUN_SECRETS_MAX_BYTES = 64 * KIB;
/** A shorter secret is not looked for in output: it would be found where it is not meant. */
export const SECRET_REDACTED_MIN_BYTES = 6;
/** A line of a secret of several lines is looked for by itself from this length on. */
export const SECRET_LINE_REDACTED_MIN_BYTES = 16;
/**
 * Longer forms of a secret are looked for in pieces of so many bytes: so much of the end of a stream is held back at most,
 * and a part of a key that is printed is found, too.
 */
export const SECRET_PIECE_BYTES = 64;
/** Bytes of a secret in one line to the Machine: as masked numbers they are below 1,024, and a write of up to 4,096 (PIPE_BUF) is atomic. */
export const SECRET_LINE_BYTES = 256;
/** Lines in one call. Arguments of an exec below 16 kB are known to arrive at Fly, its stdin is not. */
export const SECRET_LINES_PER_CALL = 12;
/** What is given is filled up to a multiple of this, so that a Machine's config does not tell how long it is. */
export const SECRET_PADDING_BYTES = 256;
/** How long one call that gives secrets may take: the Machine may still be on its way to wait for them. */
export const SECRET_GIVE_TIMEOUT_S = 15;
/**
 * A replaced or removed secret is kept, encrypted, for as long as a Machine can have it: output is redacted of it. The longest
 * time between an attempt's plan and its last output, and an hour.
 */
export const SECRET_RETIRED_KEPT_MS =
  QUEUE_TIMEOUT_MAX_MS + BOOT_TIMEOUT_MAX_MS + RUN_TIMEOUT_MAX_MS + 1 * HOUR;
/** Secrets that one sweep encrypts anew with the current key. */
export const SECRETS_RESEALED_PER_SWEEP = 50;
/** Statements of the minute's cron for secrets: what was retired long ago, what is under an old key with where the sweep is, and each of those. Its share of `D1_QUERIES_MAX`. */
export const SECRETS_CRON_STATEMENTS = 4 + SECRETS_RESEALED_PER_SWEEP;

// --- Jobs -------------------------------------------------------------------------------------------------------

export const JOB_NAME_MAX_CHARS = 63;
export const JOB_DESCRIPTION_MAX_CHARS = 1000;
/** Versions of a job that are kept, the newest. A run has its own spec, so that it needs none of them. */
export const JOB_VERSIONS_KEPT = 1000;
/** How often a change of a job is decided anew because another was first. */
export const JOB_CHANGE_TRIES = 20;
/** Paths that a comparison of two versions names. */
export const JOB_DIFF_MAX_CHANGES = 1000;
/** A run's input as compact JSON. It is a variable of the command's environment, and Linux refuses one over 128 KiB (MAX_ARG_STRLEN). */
export const INPUT_MAX_BYTES = 64 * KIB;
/** The schema of a job's input, as compact JSON. */
export const INPUT_SCHEMA_MAX_BYTES = 64 * KIB;
export const INPUT_PATTERN_MAX_CHARS = 256;
/** Parts of one pattern with all that it repeats written out: {1,4000} is 8,000. */
export const INPUT_PATTERN_MAX_STATES = 10_000;
/** Steps that all patterns may take with one input, some 20 ns each: 64 KiB of text take most patterns two to five for each character. */
export const INPUT_PATTERN_MAX_STEPS = 1_000_000;
/**
 * Steps that checking one input may take besides: a schema that refers to itself in two ways doubles the work with each level of the
 * input.
 */
export const INPUT_CHECK_MAX_STEPS = 500_000;
/** Schemas that lead into one another, each a step of recursion. An input has 32 levels, and few references lead to others. */
export const INPUT_CHECK_MAX_LEVELS = 300;

/** A file of jobs that a command line reads: some definitions of the largest size. */
export const JOBS_FILE_MAX_BYTES = 4 * MIB;
/** Values in one, with what its aliases stand for filled in: a few lines of aliases of aliases would be as many as there is memory for. */
export const JOBS_FILE_MAX_VALUES = 50_000;

/** Commands of a crontab that is made into one: each is some fifteen values. */
export const CRONTAB_MAX_ENTRIES = 2000;

// --- Queues ---------------------------------------------------------------------------------------------------

/** Slots of one concurrency key. Whoever takes one counts those that are held: a row read for each. */
export const CONCURRENCY_LIMIT_MAX = 1000;
/** Slots of the whole organization, likewise. */
export const ORGANIZATION_LIMIT_MAX = 10_000;
/** A concurrency key with its fields filled in: it stands in each row of its queue. */
export const CONCURRENCY_KEY_MAX_CHARS = 256;
/** Priorities go from minus this to this. */
export const PRIORITY_MAX = 1000;
/** How long a run may wait for its turn: what is a day late is seldom wanted any more. */
export const EXPIRES_DEFAULT_MS = 24 * HOUR;
export const EXPIRES_MAX_MS = 7 * 24 * HOUR;
/** How far ahead a run can be ordered, by `delay` or `run_at`. */
export const RUN_AHEAD_MAX_MS = 365 * 24 * HOUR;
/** Runs ahead in a line that are counted for whoever asks for a place: a row read for each. */
export const PLACE_MAX_COUNTED = 1000;
/** Runs that one step of a newer run asks to cancel; the next goes on. */
export const SUPERSEDE_MAX_RUNS = 50;
/** Queues that a sweep looks at in one statement, page after page. */
export const SWEEP_MAX_QUEUES = 200;
/**
 * Queues that one sweep looks at; the next goes on where it ended. Each can be a call to a Durable Object, beside those of
 * {@link SWEEP_MAX_WAKES}, and two statements for a page of them.
 */
export const SWEEP_MAX_HEADS = 2000;
/** Tickets of runs that are over that a sweep takes out in one statement, whose value may have 2 MB (Cloudflare D1 limits). */
export const SWEEP_MAX_LEFT = 1000;

// --- Retries ----------------------------------------------------------------------------------------------------

/** Attempts of a run that may fail of the job's own doing. Each is a row, and a Machine that is paid for. */
export const RETRY_ATTEMPTS_MAX = 20;
export const RETRY_RULES_MAX = 32;
/** Exit codes or signals that one rule names: as many codes as there are. */
export const RETRY_RULE_CODES_MAX = 256;
/** The pause before the second attempt, long enough for what is passing to pass, and short beside a Machine's start. */
export const RETRY_INITIAL_DEFAULT_MS = 2 * SECOND;
export const RETRY_FACTOR_DEFAULT = 2;
export const RETRY_FACTOR_MAX = 10;
/** The longest pause of a backoff unless a run says otherwise. */
export const RETRY_MAX_DEFAULT_MS = 5 * MINUTE;
export const RETRY_JITTER_DEFAULT = 0.2;
/** The longest pause between two attempts that a run can ask for. */
export const RETRY_WAIT_MAX_MS = 24 * HOUR;
/**
 * Machines of one run that may be lost or not come up before the run is given up. A job that brings its host down looks like
 * a lost Machine, and several hosts in a row point to the job.
 */
export const PLATFORM_FAILURES_MAX = 5;
/** Creates of one run that may be refused for want of room: more than a list of regions can have. */
export const CAPACITY_REFUSALS_MAX = 2 * REGIONS_MAX_COUNT;
/** The least pause after a failure of the platform's, unless a rule says otherwise: Fly takes one create a second for an app. */
export const PLATFORM_PAUSE_MIN_MS = 1 * SECOND;

// --- Launches -----------------------------------------------------------------------------------------------------

/**
 * Fly apps of one deployment. A launch looks at the bucket of each, and the minute's sweep over machines makes some six
 * statements for each beside those for what it destroys: a Workers invocation may make 1,000 D1 queries (Cloudflare D1 limits).
 */
export const APPS_MAX_COUNT = 20;
/**
 * Creates a second in one app: what Fly takes (docs: Working with the Machines API). Others can be set, for limits that Fly raised
 * or other users of an app.
 */
export const LAUNCHES_PER_SECOND_DEFAULT = 1;
export const LAUNCHES_PER_SECOND_MIN = 0.1;
export const LAUNCHES_PER_SECOND_MAX = 10;
/**
 * Launches at once in an app that was idle. Fly takes three; the third is left for creates that arrive up to a second late, which
 * can come together with those that are on time.
 */
export const LAUNCH_BURST = 2;
/**
 * A launch that is later than this gives its time up for a new one: as much as the spare one of a burst covers. After an outage all
 * times are past, and would come at once.
 */
export const LAUNCH_LATE_MS = 1 * SECOND;
/**
 * How far ahead a launch is taken; who gets none so near stands in line. Long enough that launches go on while a call for the next
 * in line is lost or late, and as little as may go by unused in each app where runs are cancelled that have theirs.
 */
export const LAUNCH_HORIZON_MS = 30 * SECOND;
/**
 * Runs of that line that one who leaves it calls, where so many launches are free: twenty apps have more launches a second than
 * runs could call each other for one by one.
 */
export const LAUNCH_CALLS_MAX = 10;
/** The same for a sweep, each a call to a Durable Object beside those of the other queues. */
export const SWEEP_MAX_LAUNCHES = 1000;
/** The furthest that a launch can lie ahead, of those that attempts take again: no run waits for a Machine for longer. */
export const LAUNCH_AHEAD_MAX_MS = QUEUE_TIMEOUT_MAX_MS;
/** Clocks that differ by more than this do not tell the same time: far more than clocks of one deployment do. */
export const LAUNCH_CLOCK_TRUST_MS = 1 * MINUTE;

// --- Schedules ----------------------------------------------------------------------------------------------------

/** A cron expression that lists each minute of an hour has 170 characters. */
export const CRON_MAX_CHARS = 256;
/** Times that one schedule with `at` names. */
export const SCHEDULE_AT_MAX = 100;
/** As often as a cron expression with seconds can fire. */
export const SCHEDULE_EVERY_MIN_MS = 1 * SECOND;
export const SCHEDULE_EVERY_MAX_MS = 366 * 24 * HOUR;
/** More would make another time of it. */
export const SCHEDULE_JITTER_MAX_MS = 24 * HOUR;
/** The last moment that a schedule can be due: 9999-12-31, after which times have five digits for the year (RFC 3339 has four). */
export const SCHEDULE_TIME_MAX_MS = 253_402_300_799_000;
/**
 * So much later a due time counts as met whatever has come due since: an alarm, or the call that starts the run, can have a hiccup and be
 * repeated after some seconds.
 */
export const SCHEDULE_PROMPT_MS = 10 * SECOND;
/** So much later it counts as met while it is the schedule's newest: the minute's cron decides, and one that was left out is made good by the next. */
export const SCHEDULE_GRACE_MS = 2 * MINUTE;
/** So much later it still counts as met where timekeepers were at work all the time, and slow: what comes later nobody expects any more. */
export const SCHEDULE_SLOW_MAX_MS = 1 * HOUR;
/** So far ahead firings are armed: the minute's cron, and half a minute that the next may come late. */
export const SCHEDULE_AHEAD_MS = 90 * SECOND;
/**
 * So long before its time a punctual schedule's run is accepted and its Machine made. One that is created and not started is ready
 * after some 9 s on Fly, and after a minute with a large image that its host has not got: then it starts as soon as it is.
 */
export const PUNCTUAL_LEAD_MS = 20 * SECOND;
/** From so long before it on its driver is awake: an alarm can be late, and what is remembered be lost. */
export const PUNCTUAL_AWAKE_MS = 2 * SECOND;
/** Clocks that differ by more than this do not tell the same time, as with launches. */
export const SCHEDULE_CLOCK_TRUST_MS = LAUNCH_CLOCK_TRUST_MS;
/** Schedules of one job: all are synced in one statement when it is put. */
export const JOB_SCHEDULES_MAX = 50;
export const SCHEDULE_NAME_MAX_CHARS = 63;
/** Schedules that one step of the minute's tick reads and decides. */
export const TICK_PAGE_SCHEDULES = 200;
/** Firings that one batch of it records: some 300 KB of JSON in a statement that takes 2 MB (Cloudflare D1 limits). */
export const TICK_BATCH_FIRINGS = 1500;
/**
 * D1 statements after which one tick reads no further page and records no further batch; the next tick goes on. A page is read in one
 * statement and recorded in two, or in more where its firings fill several batches. Its share of `D1_QUERIES_MAX`.
 */
export const TICK_MAX_STATEMENTS = 200;
/** Durable Objects that start armed firings, side by side. */
export const TIMEKEEPER_SHARDS = 8;
/**
 * D1 queries of one Workers invocation (Cloudflare D1 limits). They do not say whether a batch is one query, so each statement of one
 * counts here. The minute's cron is one invocation, which they share: the tick some 200 (`TICK_MAX_STATEMENTS`), the watch 100
 * (`WATCH_MAX_PAGES`), the look at Machines that Fly starts some 250 (`FLY_TEND_MAX_STATEMENTS`), the sweep of runs some 60
 * (`SWEEP_MAX_WAKES`, `SWEEP_MAX_HEADS`), that of Machines some 150 (`REAP_MAX_DESTROYS`), what is forgotten once an hour some 150
 * (`FORGET_CRON_STATEMENTS`), notifications and chains 14 (`NOTIFY_CRON_STATEMENTS`), and secrets 54 while a key is replaced
 * (`SECRETS_CRON_STATEMENTS`): below 1,000 together, which `test/worker/cron-queries.test.ts` adds up.
 */
export const D1_QUERIES_MAX = 1000;
/**
 * Firings that a timekeeper starts at one alarm; the next one goes on at once. Each takes nine statements or less, and 54 at worst: with
 * a slot of its schedule, its key and the organization to take, tried with others first and then alone, and none to be had. That is
 * within `D1_QUERIES_MAX`. They and their jobs, of up to 1 MiB each, are read in one query each.
 */
export const TIMEKEEPER_BATCH_FIRINGS = 18;
/** Armed firings of one schedule that a timekeeper looks at together after an outage, to tell the latest of them; what is left comes with the next alarm. */
export const TIMEKEEPER_LATE_FIRINGS = 1000;
/** What the specs and inputs of runs that are stored in one batch have together, in characters of JSON. D1 has all of a batch in one request, and each is in it three times. */
export const TIMEKEEPER_BATCH_CHARS = 1 * MIB;
/** Its pause before what failed is tried again. */
export const TIMEKEEPER_AGAIN_MS = 2 * SECOND;
/** How long the ledger tells of a due time; of a schedule that is there its last one stays in any case. Longer than anything is caught up after. */
export const FIRINGS_KEPT_MS = 90 * 24 * HOUR;
/** How often what is older is removed, by the minute's cron. */
export const FORGET_EVERY_MS = 1 * HOUR;
/** The part of that in which a call of the cron does it: one of them. */
export const FORGET_WITHIN_MS = 1 * MINUTE;
/** Ledgers that one step of that looks at: a row read or two for each. */
export const FORGET_PAGE_LEDGERS = 100;
/** Rows that one statement of it deletes. */
export const FORGET_BATCH_FIRINGS = 5000;
/** Such steps of one call, each of two D1 queries; the next hour's goes on. */
export const FORGET_MAX_PAGES = 45;
/** Alerts that one statement of it deletes, of those as old, and such statements of one call. */
export const FORGET_BATCH_ALERTS = 5000;
export const FORGET_MAX_ALERT_BATCHES = 10;
/** Due times that one call fills in. */
export const BACKFILL_MAX_FIRINGS = 1000;
/** Rows of a ledger that one call looks at where it is asked for some outcome; the next goes on. */
export const FIRINGS_SCAN_MAX = 1000;
/** Shorter than what a machine takes to start would be nothing but alerts. */
export const LATE_AFTER_MIN_MS = 1 * SECOND;
export const LATE_AFTER_MAX_MS = 7 * 24 * HOUR;
/** The minute's cron looks no more often. */
export const EXPECT_EVERY_MIN_MS = 1 * MINUTE;
export const EXPECT_EVERY_MAX_MS = 366 * 24 * HOUR;
/** A start in time may be known so much later: drivers ask for it. */
export const ALERT_SLACK_MS = 30 * SECOND;
export const DAY_MS = 24 * HOUR;
/** Jobs and schedules that one step of the minute's watch looks at, rows of ledgers that it reads for them, and such steps of one call: five queries each. */
export const WATCH_PAGE = 200;
export const WATCH_PAGE_FIRINGS = 2000;
export const WATCH_MAX_PAGES = 20;
/** The newest runs of a job among which one that succeeded is looked for. What was heard earlier is kept. */
export const HEARD_SCAN_RUNS = 1000;
/** Due times ahead that one call tells. */
export const NEXT_DUE_MAX = 100;
export const CATCH_UP_WINDOW_DEFAULT_MS = 24 * HOUR;
export const CATCH_UP_WINDOW_MAX_MS = 31 * 24 * HOUR;
/** Due times of one schedule that one decision arms or weighs one by one; the next goes on. */
export const DUE_TIMES_WEIGHED_MAX = 1000;
/** Due times in a row that were missed and have a row each; more are one row. */
export const PASSED_ROWS_MAX = 1000;
/** Due times in a row that were missed and are counted: some 30 ms of work. Of more the row says that there are more. */
export const PASSED_COUNTED_MAX = 10_000;
/** Schedules of `on: fly` that one tick looks after, each with a GET and some four D1 queries, one after the other; the next tick goes on. */
export const FLY_SCHEDULES_PER_TICK = 100;
/**
 * D1 statements after which a tick looks after no further one, and makes no further run of a start; the next goes on. What was begun
 * ends: some 20 more. A start that becomes a run takes some ten. Its share of `D1_QUERIES_MAX`.
 */
export const FLY_TEND_MAX_STATEMENTS = 220;
/** The run of such a job as JSON: what its machine is made of, and is being changed to, is kept in one row, of 2 MB at most (Cloudflare D1 limits). */
export const FLY_RUN_MAX_BYTES = 256 * KIB;
/** A tick looks after no further one after this long, as where the Machines API does not answer. */
export const FLY_TEND_MAX_MS = 2 * MINUTE;
/** Events of a Machine that are asked for where it tells of too few by itself: as many as Fly gives (OpenAPI: Machines_list_events). */
export const MACHINE_EVENTS_MAX = 50;
/** A Machine that was made less than this ago may not be known everywhere at Fly: nothing is concluded from a 404. */
export const FLY_MACHINE_YOUNG_MS = 2 * MINUTE;
/** A Machine that is on its way for longer than this is stuck. */
export const FLY_MACHINE_BOOT_MAX_MS = 10 * MINUTE;
/** First and last pause before the Machine of a schedule is asked for again that could not be had, or went away. */
export const FLY_MACHINE_AGAIN_FIRST_MS = 1 * MINUTE;
export const FLY_MACHINE_AGAIN_MAX_MS = 1 * HOUR;
/**
 * A launch of its app that is due so soon is used at once; a later one is left to the next tick, but for one a tick, so that where runs
 * always wait for launches such a Machine is made, too: the third create of Fly's burst is there for what comes a little early.
 */
export const FLY_LAUNCH_WITHIN_MS = 1 * SECOND;
export const FLY_LAUNCH_EARLY_MS = LAUNCH_HORIZON_MS + 1 * MINUTE;
/** What an isolate remembers of cron expressions, as 10,000 schedules may each have their own: some 500 bytes each. */
export const CRONS_KEPT_MAX = 10_000;
/** Time zones whose formatter an isolate keeps: more than there are names. */
export const ZONES_KEPT_MAX = 700;
/** Stretches of 25 days of a time zone that an isolate remembers, 200 bytes each. */
export const ZONE_BLOCKS_KEPT_MAX = 8192;

// --- Hooks of a job, and the ledger of their deliveries ---------------------------------------------------------

/** Hooks of one job: all are synced in one statement when it is put. */
export const JOB_HOOKS_MAX = 20;
export const HOOK_NAME_MAX_CHARS = 63;
/** Variables, or fields of the input, that a hook's `map` fills. */
export const HOOK_MAP_MAX = 50;
/** A header's name in a hook's rules. */
export const HOOK_HEADER_MAX_CHARS = 128;
/**
 * Largest body of a delivery. GitHub sends up to 25 MB (its docs: webhook events and payloads) where thousands of commits are pushed at once;
 * an isolate has 128 MB for all that it does (Cloudflare Workers limits), and a parsed payload is several times its text.
 */
export const HOOK_BODY_MAX_BYTES = 5 * MIB;
/**
 * How often it is written how many calls of a hook were not let in, for how many ids of hooks they are counted by an isolate, and how many such writes
 * it makes in a minute: anybody can make such calls, of ids that no hook has, too.
 */
export const REFUSED_CALLS_EVERY_MS = MINUTE;
export const REFUSED_CALLS_IDS_MAX = 1000;
export const REFUSED_CALLS_WRITES_MAX = 60;
/** Calls that were not let in are counted anew where there was none for so long. */
export const REFUSED_CALLS_APART_MS = 24 * HOUR;
/** Refs that one delivery can tell of, each with a row, of which the first has the body. What moved more is told so. */
export const DELIVERY_PARTS_MAX = 20;
/** Steps of expressions that rules may take for all of them, in which globs count, too: a second or two at worst. */
export const DELIVERY_RULES_MAX_STEPS = 5_000_000;
/**
 * What is done after an answer is begun so much later. On one computer all objects are made on the thread that passes the answer on, and a
 * driver takes 30 ms there: it came before the answer.
 */
export const ANSWER_FIRST_MS = 10;
/** So much of a body is kept in its row of the ledger, and searched; one that is longer is whole beside it, in R2. A row of D1 holds 2 MB at most (Cloudflare D1 limits). */
export const DELIVERY_BODY_KEPT_BYTES = 512 * KIB;
/** A text of a delivery that stands in its run's environment, or in its row beside the body. */
export const DELIVERY_TEXT_MAX_CHARS = 1024;
/** Rows of a ledger that one call looks at where it is asked for some of them; the next goes on. */
export const DELIVERIES_SCAN_MAX = 1000;
/** The same where it is asked for a text, which is looked for in bodies. */
export const DELIVERIES_TEXT_SCAN_MAX = 200;
/** Past deliveries that one call tries rules on, each read with its body. */
export const HOOK_TRY_DEFAULT = 20;
export const HOOK_TRY_MAX = 50;
/** Bytes of bodies that one such call reads: an isolate has 128 MB. */
export const HOOK_TRY_MAX_BYTES = 8 * MIB;
/**
 * Steps of expressions that rules may take in all in such a call, in which globs count, too. Three seconds at worst: a Workers invocation
 * has 30 s of CPU.
 */
export const HOOK_TRY_MAX_STEPS = 10_000_000;
/** How often the number of a resend is drawn anew because another was first. */
export const RESEND_TRIES = 20;
/** How long a ledger tells of a delivery. */
export const DELIVERIES_KEPT_MS = 90 * 24 * HOUR;
/** Ledgers of deliveries that one step of forgetting looks at, rows that it deletes, and such steps of one call, of two D1 queries each. */
export const FORGET_PAGE_HOOKS = 100;
export const FORGET_BATCH_DELIVERIES = 2000;
export const FORGET_MAX_DELIVERY_PAGES = 15;

// --- Webhooks -----------------------------------------------------------------------------------------------------

/** A report's context: GitLab takes 255 characters, and Gitea keeps as many. */
export const REPORT_CONTEXT_MAX_CHARS = 200;
/** A commit status's description: GitHub takes no more. */
export const COMMIT_STATUS_DESCRIPTION_MAX_CHARS = 140;
/** The key of a build status: Bitbucket Cloud takes no more. */
export const BITBUCKET_KEY_MAX_CHARS = 40;
/** Where an API says that its rate limit is reached, and not for how long (GitHub: "wait for at least one minute"). */
export const RATE_LIMIT_PAUSE_MS = 1 * MINUTE;
/** Reports of newer runs that are looked through for one of the same commit before one is sent: few runs of a hook come while one is at work. */
export const REPORTS_LOOKED_MAX = 1000;

/** Webhooks of an organization: whoever stores a fact looks through them, a row read for each. */
export const WEBHOOKS_MAX_COUNT = 50;
export const WEBHOOK_URL_MAX_CHARS = 2048;
/** Jobs among which one is looked for that a webhook's names with `*` fit, where it is shown; of more than this nothing is said of those. */
export const WEBHOOK_NOTES_JOBS_MAX = 10_000;
/** Names of jobs that one webhook is about, and addresses that one e-mail goes to. */
export const WEBHOOK_JOBS_MAX = 50;
export const WEBHOOK_RECIPIENTS_MAX = 50;
export const EMAIL_ADDRESS_MAX_CHARS = 320;
/** Of the name before the address that an e-mail is from. */
export const EMAIL_NAME_MAX_CHARS = 100;
/** Bytes of a webhook's secret (Standard Webhooks: from 24 to 64). */
export const WEBHOOK_SECRET_BYTES = 32;
export const WEBHOOK_SECRET_MIN_BYTES = 24;
export const WEBHOOK_SECRET_MAX_BYTES = 64;
/** After a rotation the secret of before signs along for so long. */
export const WEBHOOK_OLD_SECRET_MS = 24 * HOUR;
/** A webhook that took nothing for so long is disabled. */
export const WEBHOOK_FAILING_MAX_MS = 72 * HOUR;
/**
 * A notification that was not taken is tried again after so long, twice that after the next failure, up to an hour; for a day. Each of
 * these pauses is between half and all of it (`core/poll.ts`).
 */
export const NOTIFICATION_RETRY_FIRST_MS = 5 * SECOND;
export const NOTIFICATION_RETRY_MAX_MS = 1 * HOUR;
export const NOTIFICATION_GIVE_UP_MS = 24 * HOUR;
/** For an answer and its first bytes. */
export const NOTIFICATION_TIMEOUT_MS = 10 * SECOND;
/** Of an answer, and of what an attempt failed by. */
export const NOTIFICATION_ANSWER_MAX_BYTES = 1 * KIB;
export const NOTIFICATION_ERROR_MAX_CHARS = 300;
/** Attempts of one notification that are kept, the newest: a day has some 32. */
export const NOTIFICATION_ATTEMPTS_KEPT = 40;
/** Characters of a run's detail that are told: it can quote an answer of the Machines API. */
export const NOTIFICATION_DETAIL_MAX_CHARS = 2000;
/** Rows of the outbox that one step reads, and characters of what it makes of them, which is one statement's value (2 MB: Cloudflare D1 limits). */
export const OUTBOX_PAGE = 100;
export const OUTBOX_BATCH_CHARS = 512 * KIB;
/** A fact that can not be taken up for so long, while others can, is not told, as a notification that is not taken for a day is not. */
export const OUTBOX_GIVE_UP_MS = 24 * HOUR;
/** Such steps of one call, each a read or two and a batch of three; the next goes on at once. Its share of `D1_QUERIES_MAX`, by itself. */
export const OUTBOX_MAX_PAGES = 50;
/**
 * Lines of one webhook that are sent side by side. A Workers invocation has six connections that wait for an answer at once (Cloudflare
 * Workers limits), of which a look-up of a name takes some.
 */
export const NOTIFIER_SENDS_AT_ONCE = 4;
/**
 * Lines that are read at once, and notifications that one alarm sends; the next goes on at once. A webhook's takes up to five D1 statements,
 * a report on a commit six, and looking for more after it two; with those of `NOTIFIER_MAX_DROPS`, three each, within `D1_QUERIES_MAX`.
 */
export const NOTIFIER_PAGE = 50;
export const NOTIFIER_MAX_SENDS = 80;
/** An alarm begins to send nothing more after this long. One may take 15 minutes (Cloudflare Durable Objects limits). */
export const NOTIFIER_MAX_MS = 2 * MINUTE;
/** Lines of a webhook that is not in force any more that one statement ends, and such statements of one alarm. */
export const NOTIFIER_DROP_LINES = 500;
export const NOTIFIER_MAX_DROPS = 100;
/**
 * Its pause before what failed on our side is tried again, twice that after the next failure, and the longest: where a database is read
 * and not written, a subscriber is told the same after each.
 */
export const NOTIFIER_AGAIN_FIRST_MS = 2 * SECOND;
export const NOTIFIER_AGAIN_MAX_MS = 5 * MINUTE;
/** Lines of a webhook that one statement has be sent at once, by hand, and such statements of one call. */
export const HURRY_BATCH_LINES = 500;
export const HURRY_MAX_BATCHES = 100;
/** Somebody who tries a webhook sends by himself; what he left is sent after this long. */
export const NOTIFICATION_TEST_LEAD_MS = 1 * MINUTE;
/** Of those who have something due, so many are called by one call of the minute's cron, the longest due first: each is a Durable Object. */
export const NOTIFIERS_WOKEN_MAX = 200;
/** Webhooks whose secrets one minute encrypts anew with the current key. */
export const WEBHOOKS_RESEALED_PER_SWEEP = 10;
/** Statements of the minute's cron for notifications and chains: what is in the outbox, what is due of both, and whose secrets are under an old key. Its share of `D1_QUERIES_MAX`. */
export const NOTIFY_CRON_STATEMENTS = 4 + WEBHOOKS_RESEALED_PER_SWEEP;
/** Notifications that one call for a list looks at where no index answers its filter; the next goes on. */
export const NOTIFICATIONS_SCAN_MAX = 1000;
/** Of each target as many of the newest are looked at for the last that was taken, where all targets are shown. */
export const STANDING_SCAN_NOTIFICATIONS = 100;
/** Of a DNS-over-HTTPS server. */
export const DNS_TIMEOUT_MS = 5 * SECOND;
export const DNS_ANSWER_MAX_BYTES = 64 * KIB;
/** How long a ledger tells of a notification. */
export const NOTIFICATIONS_KEPT_MS = 90 * 24 * HOUR;
/** Notifications that one statement forgets, and such statements of one call. */
export const FORGET_BATCH_NOTIFICATIONS = 2000;
export const FORGET_MAX_NOTIFICATION_BATCHES = 10;

// --- Chains -------------------------------------------------------------------------------------------------------

/** Names that one job starts after. */
export const JOB_ON_MAX = 20;
/** Runs before one, each started after the one before: jobs that follow each other in a circle come to an end there. */
export const CHAIN_DEPTH_MAX = 20;
/** Runs that follow from one, directly or not: of a circle in which each run starts two there would be a million within its depth. */
export const CHAIN_RUNS_MAX = 1000;
/**
 * Handovers that one alarm takes up; the next goes on at once. What each takes is what a firing does (`TIMEKEEPER_BATCH_FIRINGS`). They are
 * read in one statement, which counts what each one's chain has started.
 */
export const HANDOVER_BATCH = 18;
/** Of one batch, side by side. */
export const HANDOVERS_AT_ONCE = 4;
/** One that failed on our side is tried again after so long, twice that after the next failure, up to ten minutes; for a day. */
export const HANDOVER_RETRY_FIRST_MS = 2 * SECOND;
export const HANDOVER_RETRY_MAX_MS = 10 * MINUTE;
export const HANDOVER_GIVE_UP_MS = 24 * HOUR;
/**
 * A hook of whose reports none was taken for so long is an alert, once another is given up, or is itself tried for so long: less than a
 * report is tried for (`NOTIFICATION_GIVE_UP_MS`), so that one alone is told of that is tried again and again. One that is given up at
 * once, as its token is wrong, is not one alone: the next one to fail so late is.
 */
export const REPORTS_FAILING_MAX_MS = 12 * HOUR;

/** Jobs that are looked at, after which others start, for whether these are in a circle. */
export const CIRCLE_LOOKED_JOBS_MAX = 200;
/** Jobs that a job's page and answer tell of, that start after it. */
export const FOLLOWERS_SHOWN_MAX = 100;
/** Of the same two jobs no other alert is recorded within this time: what is broken is so after each run. */
export const CHAIN_ALERT_EVERY_MS = 1 * HOUR;
/** Jobs that a run's page and answer tell of, that start after it. */
export const DOWNSTREAM_SHOWN_MAX = 100;
/** How long handovers are told of, how many one statement forgets, and such statements of one call. */
export const HANDOVERS_KEPT_MS = 90 * 24 * HOUR;
export const FORGET_BATCH_HANDOVERS = 2000;
export const FORGET_MAX_HANDOVER_BATCHES = 10;
/** Statements of one call that forgets: all of the above that do, two for each page, and the cursors of both kinds of ledgers. Its share of `D1_QUERIES_MAX`. */
export const FORGET_CRON_STATEMENTS =
  2 * FORGET_MAX_PAGES +
  2 * FORGET_MAX_DELIVERY_PAGES +
  FORGET_MAX_ALERT_BATCHES +
  FORGET_MAX_NOTIFICATION_BATCHES +
  FORGET_MAX_HANDOVER_BATCHES +
  3;

// --- Output ---------------------------------------------------------------------------------------------------

/** Bytes of one run kept; what the command writes beyond it is counted as dropped, not stored. */
export const OUTPUT_MAX_BYTES = 512 * MIB;
/** Bytes of one run kept in D1 rows; large chunks beyond it go to R2. Keeps the database (10 GB at most) for facts. */
export const OUTPUT_IN_D1_MAX_BYTES = 256 * KIB;
/** Beyond it a chunk of less stays in D1 all the same: an object costs 4.5 times a row (R2 class A operations). */
export const OUTPUT_BLOB_MIN_BYTES = 8 * KIB;
/** Bytes of one run up to which that goes. */
export const OUTPUT_SMALL_IN_D1_MAX_BYTES = 2 * MIB;
/** First read of a Machine's output. Fly documents no limit for the text of an exec reply, so reads start small … */
export const OUTPUT_READ_FIRST_BYTES = 128 * KIB;
/** … and double up to this while they come back full. */
export const OUTPUT_READ_MAX_BYTES = 1 * MIB;
/** Chunks handed to a reader in one page. Few are large: what D1 holds of one page is some 2 MiB at most. */
export const OUTPUT_PAGE_MAX_CHUNKS = 256;

// --- Calls to the Machines API --------------------------------------------------------------------------------

/** The Machines API answers 400 to a longer wait (Fly: WaitMachineRequest.Timeout, [1s, 1m0s]). */
export const MACHINE_WAIT_MAX_MS = 60 * SECOND;
/** One long-poll through exec. Fly ends an exec at 25 to 60 s (reports differ), so stay under the least of them. */
export const EXEC_HOLD_MAX_S = 20;
/** Time an exec may take beyond its hold, for the reader script itself. */
export const EXEC_SLACK_S = 5;
/** Any other call. Stop and destroy can block for as long as a foreign lease lives, so they get no longer. */
export const MACHINES_CALL_TIMEOUT_MS = 30 * SECOND;
/** How long a fresh Machine is given to be started before its creation is recorded without that. */
export const LAUNCH_PATIENCE_MS = 250;
/** A start that took longer is worth a call that tells how long its image took. A cached image boots within a second or two on Fly. */
export const SLOW_START_MS = 3 * SECOND;
/** Pause before an ambiguous create is looked up again: a list may lag behind a create. */
export const CREATE_LOOKUP_PAUSE_MS = 2 * SECOND;
/** Empty look-ups needed before an ambiguous create counts as never having happened. One proves nothing. */
export const CREATE_LOOKUPS_NEEDED = 2;
/**
 * A driver that has stored an event knows so long after it that every other driver's ask of before is in the lists: who had looked
 * for such events just before asks within `CREATE_LOOKUP_PAUSE_MS`, and what was asked for is listed within as long again.
 */
export const CREATE_WORD_HEARD_MS = 2 * CREATE_LOOKUP_PAUSE_MS;
/**
 * A run younger than this whose driver is told of it, or an attempt that was planned less than this ago, has never had a Machine
 * asked for: whoever else drives it looks twice first, with a pause of two seconds between at least. Half of that, since the run's age is
 * by the clock of another computer.
 */
export const NEVER_ASKED_BEFORE_MS = 1 * SECOND;
/** First and last delay between repeats of a call that failed for a passing reason. */
export const REPEAT_DELAY_FIRST_MS = 500;
export const REPEAT_DELAY_MAX_MS = 30 * SECOND;
/**
 * Times that the Machine is asked once more after a limit has passed, as long as no answer comes: 8 to 16 s in all, which is
 * longer than it takes to believe that it is lost.
 */
export const LAST_LOOKS_MAX = 6;
/** How long a Machine that was let go may take to end by itself before it is destroyed. */
export const LET_GO_MS = 10 * SECOND;
/** After which a Machine that is stopped by SIGKILL counts as killed. */
export const MACHINE_KILL_MS = 1 * SECOND;
/** A Machine that answers 404 to GET is believed lost after this long of nothing else. */
export const MACHINE_LOST_AFTER_MS = 5 * SECOND;

// --- The driver, the sweep and watchers -----------------------------------------------------------------------

/** How often the alarm looks after a driver. Longer than any one call it makes. */
export const DRIVER_ALARM_MS = 75 * SECOND;
/**
 * A run that lasts this long gets its alarm: two writes to storage that a short run does without. Cloudflare leaves an object
 * alone for at least 70 s after a call (Durable Objects, lifecycle), and the sweep looks after runs that are quiet this long.
 */
export const DRIVER_ARMED_AFTER_MS = 10 * SECOND;
/** While a run is younger than this its output is long-polled without a pause. */
export const POLL_HELD_UNTIL_AGE_MS = 60 * SECOND;
/** Later, with nobody watching: one quick read each 5 % of the run's age, within these bounds (a held object bills). */
export const POLL_PAUSE_MIN_MS = 5 * SECOND;
export const POLL_PAUSE_MAX_MS = 30 * SECOND;
/**
 * Pause between two reads of a chatty command's output: each read that brings some is a row in D1, and Fly takes one exec a
 * second for a Machine, three in a burst.
 */
export const OUTPUT_PAUSE_MS = 1 * SECOND;
/** Until then the pause is this share of the time since the Machine's start, so that short runs end without delay. */
export const OUTPUT_PAUSE_SHARE_OF_AGE = 0.25;
/** In a long run it is this share of the age (a second at two minutes) … */
export const OUTPUT_PAUSE_SHARE_OF_LONG_AGE = 1 / 120;
/** … up to this, which a run of ten minutes has: a watcher's output an hour is 720 pieces of a stream and not 3,600. */
export const OUTPUT_PAUSE_MAX_MS = 5 * SECOND;
/** Pause after an exec that was one too many for Fly's rate limit (429). */
export const EXEC_LATER_PAUSE_MS = 1 * SECOND;
/** Between two looks for the end of a command whose output is past the cap. */
export const OUTPUT_CAPPED_PAUSE_MS = 1 * SECOND;
/** Runs woken at once by a sweep, which goes through all quiet ones in pages of so many. */
export const SWEEP_MAX_RUNS = 200;
/** A run whose last event is younger than this is left to its driver. */
export const SWEEP_QUIET_MS = 10 * SECOND;
/**
 * Runs woken by one sweep; the next goes on where it ended. Each is a call to a Durable Object, and a Workers invocation may make
 * 10,000 subrequests (Cloudflare Workers limits).
 */
export const SWEEP_MAX_WAKES = 4000;
/** How often a sweep comes by: the cron in wrangler.toml. */
export const SWEEP_EVERY_MS = 1 * MINUTE;
/** Machines of one app that one sweep judges; the next goes on where it ended. */
export const REAP_MAX_MACHINES = 5000;
/** Machines whose runs are asked for in one statement. */
export const REAP_PAGE_MACHINES = 500;
/** Machines that one sweep asks themselves and destroys, of all apps, each of which has its share: two calls and four D1 queries each, one after the other. */
export const REAP_MAX_DESTROYS = 30;
/** A sweep looks for no further one to destroy after this long: the next one does it. A cron may take 15 minutes (Cloudflare Workers limits). */
export const REAP_MAX_MS = 5 * MINUTE;
/**
 * How long before a Machine is destroyed a sweep must have found it to be nobody's: the sweep before, give or take the seconds
 * by which a cron is late. One list, or one look into the database, proves nothing.
 */
export const REAP_SEEN_BEFORE_MS = 50 * SECOND;
/**
 * How old a Machine must be before it is destroyed because its run is not in the database: then the database is not the one that
 * it was made with, and who restored the wrong one has time to notice.
 */
export const REAP_UNKNOWN_RUN_AGE_MS = 10 * MINUTE;
/**
 * An app that was taken out of the deployment's list is swept for this long after it was last in it, or had a Machine of ours: a
 * create that was under way can be answered late, and an empty list can be a mistake.
 */
export const RETIRED_APP_SWEPT_MS = 24 * HOUR;
/** Apps that were taken out and are swept still, the ones needed last. */
export const RETIRED_APPS_MAX_COUNT = 10;
/** A Machine that was found to be nobody's and then not seen any more is forgotten after this long. */
export const SIGHTING_KEPT_MS = 1 * HOUR;
/** How long the destroyed ones are remembered one by one. */
export const REAPED_KEPT_MS = 30 * 24 * HOUR;

/** Whoever asks for a run whose last event is older than this wakes its driver: one Durable Object request, and none for a short run. */
export const SHOWN_QUIET_MS = 5 * SECOND;
/** A driver that rests and was at work less than this ago is not woken by those who only ask: no more polls than without them. */
export const WAKE_PAUSE_MS = 5 * SECOND;
/** `Prefer: wait=N` holds a request open for at most this long. */
export const PREFER_WAIT_MAX_S = 60;
/** A comment line is sent to a silent watcher this often, so that proxies keep the connection. */
export const WATCH_HEARTBEAT_MS = 15 * SECOND;
/** Watchers of one run; one more is told to come back. */
export const WATCHERS_MAX = 200;
/** When such a one should ask again. */
export const WATCH_RETRY_S = 5;
/**
 * Reads of the store in one connection of a follower, who then comes back with the last position. A Workers invocation may make
 * 1,000 D1 queries (Cloudflare D1 limits), and a read is two at most.
 */
export const FOLLOW_READS_MAX = 450;
/** How soon a browser opens a stream again that ended before the run did. */
export const FOLLOW_RETRY_MS = 1 * SECOND;

// --- Hooks ------------------------------------------------------------------------------------------------------

/** Secrets of one hook, any of which proves a delivery: the one in force, and the one before it while it is changed. */
export const HOOK_SECRETS_MAX = 2;
/** How far a sender's clock may be from ours: what Stripe's libraries and those of Standard Webhooks allow. */
export const HOOK_TIME_TOLERANCE_S = 5 * 60;
/** Characters of a sender's id of a delivery; of a longer one its SHA-256 takes the place. GitHub's have 36. */
export const DELIVERY_ID_MAX_CHARS = 128;
/** Headers that are kept with a delivery; other than by a generic sender there are ten at most. */
export const DELIVERY_HEADERS_MAX_COUNT = 40;
/** Of one of them so much is kept. */
export const DELIVERY_HEADER_MAX_CHARS = 1024;
/** Events, branches, tags or paths that a hook names, each. */
export const HOOK_LIST_MAX_COUNT = 50;
export const HOOK_EVENT_MAX_CHARS = 100;
export const HOOK_GLOB_MAX_CHARS = 256;
/** Steps that globs take for one list of names, at 20 ns each; a body of a mebibyte can name 50,000 files. */
export const HOOK_GLOB_MAX_STEPS = 5_000_000;
/** Characters of one expression of a hook. Few have more than a hundred. */
export const EXPRESSION_MAX_CHARS = 4096;
/** Parts of one expression, and levels of them: what reads and walks them goes a call deeper for each level. */
export const EXPRESSION_MAX_PARTS = 1000;
export const EXPRESSION_MAX_LEVELS = 100;
/**
 * Steps that all expressions of a hook's `if` take together for a delivery, and those of its `map`. A million takes a third of a second and 70
 * MB at worst, mostly a tenth; a look at each of 50,000 fields takes 400,000 and a few dozen milliseconds.
 */
export const EXPRESSION_MAX_STEPS = 1_000_000;
/** Groups of a regular expression in one another: what reads it and walks it goes some calls deeper for each. A pattern of an input's schema can have half as many as it has characters. */
export const PATTERN_MAX_LEVELS = 150;
/** States of a regular expression in an expression. */
export const EXPRESSION_PATTERN_MAX_STATES = 10_000;
/** Levels of a value that an expression gives a run as input. */
export const EXPRESSION_VALUE_MAX_LEVELS = 64;

// --- Pages ----------------------------------------------------------------------------------------------------

export const LIST_LIMIT_DEFAULT = 50;
export const LIST_LIMIT_MAX = 200;
/**
 * Runs that one call for a list looks at where no index answers its filter; the next goes on. D1 bills rows read, and a page
 * costs the same with a million runs as with a thousand.
 */
export const LIST_SCAN_MAX_RUNS = 1000;
/** Commits that one start of a hash can mean: seven digits are those of two by chance in thousands of commits, so it is one as a rule. */
export const COMMITS_OF_PREFIX_MAX = 10;
/** Re-runs that a run names, the newest; a list by `rerun_of` has all of them. */
export const RERUNS_SHOWN_MAX = 20;
/** Output shown on a run's page before the reader is sent to the raw stream. */
export const PAGE_OUTPUT_MAX_BYTES = 512 * KIB;
/** Events on one page, the newest of a run on its own; few runs have more than twenty. */
export const PAGE_EVENTS_MAX = 500;
/** Jobs or schedules on one page: each costs a statement or two. */
export const PAGE_JOBS_MAX = 25;
/** Due times of a ledger on one page. */
export const PAGE_FIRINGS_MAX = 50;
/** Deliveries or notifications of a ledger on one page. */
export const PAGE_LEDGER_MAX = 50;
/** Notifications about a run on its page: more than a few webhooks make of a run that is tried again and again. */
export const PAGE_TOLD_MAX = 100;
/** Characters of a delivery's body, or a notification's, that a page shows. */
export const PAGE_BODY_MAX_CHARS = 200_000;
/** A longer one is shown as it came: parsed, 5 MiB of small values take hundreds of megabytes, and an isolate has 128 (Cloudflare Workers limits). */
export const PAGE_LAID_OUT_MAX_CHARS = 262_144;
/** Characters of a job's definition that a page shows; few have more than a thousand. */
export const PAGE_DEFINITION_MAX_CHARS = 100_000;
/** Largest form of a page: a token, or nothing. */
export const PAGE_FORM_MAX_BYTES = 16 * KIB;
/** Largest form about a hook's rules or a webhook: lists of globs, jobs or recipients, as long as they can be. */
export const PAGE_RULES_FORM_MAX_BYTES = 256 * KIB;
/** Largest form about a job: an input, each byte of which a form may write as three. */
export const PAGE_INPUT_FORM_MAX_BYTES = 3 * INPUT_MAX_BYTES + PAGE_FORM_MAX_BYTES;
/** A browser stays signed in this long. */
export const SESSION_MS = 7 * 24 * HOUR;
/** A link that signs in works this long. */
export const SIGN_IN_LINK_MS = 15 * MINUTE;

CREATE TABLE `attempts` (
	`run_id` text NOT NULL,
	`number` integer NOT NULL,
	`org_id` text NOT NULL,
	`machine_name` text NOT NULL,
	`machine_config` text NOT NULL,
	`machine_id` text,
	`region` text,
	`reason` text,
	`exit` text,
	`create_asked_at` integer NOT NULL,
	`created_at` integer,
	`started_at` integer,
	`first_output_at` integer,
	`exited_at` integer,
	`stop_requested_at` integer,
	`settled_at` integer,
	`uncertain_creates` integer NOT NULL,
	PRIMARY KEY(`run_id`, `number`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`org_id` text NOT NULL,
	`key` text NOT NULL,
	`body_hash` text NOT NULL,
	`run_id` text NOT NULL,
	`used_at` integer NOT NULL,
	PRIMARY KEY(`org_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `output_chunks` (
	`run_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`seq` integer NOT NULL,
	`org_id` text NOT NULL,
	`stream` text NOT NULL,
	`offset` integer NOT NULL,
	`length` integer NOT NULL,
	`at` integer NOT NULL,
	`bytes` blob,
	`blob_key` text,
	PRIMARY KEY(`run_id`, `attempt`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `run_events` (
	`run_id` text NOT NULL,
	`seq` integer NOT NULL,
	`org_id` text NOT NULL,
	`type` text NOT NULL,
	`at` integer NOT NULL,
	`data` text NOT NULL,
	PRIMARY KEY(`run_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `run_tags` (
	`org_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`run_id` text NOT NULL,
	PRIMARY KEY(`org_id`, `key`, `value`, `run_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `runs` (
	`id` text PRIMARY KEY NOT NULL,
	`org_id` text NOT NULL,
	`version` integer NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`detail` text,
	`exit` text,
	`spec` text NOT NULL,
	`accepted_at` integer NOT NULL,
	`cancel_requested_at` integer,
	`settled_at` integer,
	`updated_at` integer NOT NULL,
	`stdout_bytes` integer NOT NULL,
	`stderr_bytes` integer NOT NULL,
	`dropped_bytes` integer NOT NULL,
	`output_complete` integer NOT NULL,
	`open` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `runs_open` ON `runs` (`open`) WHERE open = 1;--> statement-breakpoint
CREATE INDEX `runs_unsuccessful` ON `runs` (`status`) WHERE status IN ('failed', 'cancelled');
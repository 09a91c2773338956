CREATE TABLE `deliveries` (
	`org_id` text NOT NULL,
	`job` text NOT NULL,
	`hook` text NOT NULL,
	`id` text NOT NULL,
	`received_at` integer NOT NULL,
	`source` text NOT NULL,
	`event` text NOT NULL,
	`action` text,
	`verdict` text NOT NULL,
	`why` text,
	`detail` text,
	`job_version` integer NOT NULL,
	`run_id` text,
	`origin_id` text,
	`is_without_secrets` integer NOT NULL,
	`repeats` integer NOT NULL,
	`repeated_at` integer,
	`change` text,
	`headers` text NOT NULL,
	`body_bytes` integer NOT NULL,
	`body_sha256` text NOT NULL,
	`body` blob NOT NULL,
	PRIMARY KEY(`org_id`, `job`, `hook`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `deliveries_received` ON `deliveries` (`org_id`,`job`,`hook`,`received_at`);--> statement-breakpoint
CREATE TABLE `hooks` (
	`org_id` text NOT NULL,
	`job` text NOT NULL,
	`name` text NOT NULL,
	`id` text NOT NULL,
	`spec` text NOT NULL,
	`created_at` integer NOT NULL,
	`url_since` integer NOT NULL,
	PRIMARY KEY(`org_id`, `job`, `name`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `hooks_id` ON `hooks` (`id`);--> statement-breakpoint
ALTER TABLE `runs` ADD `delivery` text;
CREATE TABLE `alerts` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`org_id` text NOT NULL,
	`type` text NOT NULL,
	`job` text NOT NULL,
	`schedule` text NOT NULL,
	`due_at` integer NOT NULL,
	`at` integer NOT NULL,
	`run_id` text,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `alerts_once` ON `alerts` (`org_id`,`job`,`schedule`,`type`,`due_at`);--> statement-breakpoint
CREATE INDEX `alerts_at` ON `alerts` (`org_id`,`at`);--> statement-breakpoint
CREATE INDEX `alerts_job` ON `alerts` (`org_id`,`job`,`seq`);--> statement-breakpoint
CREATE INDEX `alerts_type` ON `alerts` (`org_id`,`type`,`seq`);--> statement-breakpoint
CREATE TABLE `watches` (
	`org_id` text NOT NULL,
	`job` text NOT NULL,
	`schedule` text NOT NULL,
	`limit_ms` integer NOT NULL,
	`from_at` integer NOT NULL,
	`look_at` integer,
	`looked_at` integer NOT NULL,
	PRIMARY KEY(`org_id`, `job`, `schedule`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `watches_due` ON `watches` (`look_at`) WHERE look_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `watches_looked` ON `watches` (`looked_at`);
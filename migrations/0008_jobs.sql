CREATE TABLE `job_versions` (
	`org_id` text NOT NULL,
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`definition` text NOT NULL,
	`changed_by` text NOT NULL,
	`rolled_back_to` integer,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`org_id`, `name`, `version`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `jobs` (
	`org_id` text NOT NULL,
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`paused_at` integer,
	`deleted_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`org_id`, `name`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `jobs_present` ON `jobs` (`org_id`,`name`) WHERE deleted_at IS NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `job_name` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `job_version` integer;--> statement-breakpoint
ALTER TABLE `runs` ADD `input` text;--> statement-breakpoint
CREATE INDEX `runs_job` ON `runs` (`org_id`,`job_name`) WHERE job_name IS NOT NULL;
CREATE TABLE `firings` (
	`org_id` text NOT NULL,
	`job` text NOT NULL,
	`schedule` text NOT NULL,
	`due_at` integer NOT NULL,
	`span` integer NOT NULL,
	`outcome` text NOT NULL,
	`start_at` integer,
	`shard` integer NOT NULL,
	`through_at` integer NOT NULL,
	`count` integer NOT NULL,
	`is_count_exact` integer NOT NULL,
	`trigger` text NOT NULL,
	`run_id` text,
	`why` text,
	`decided_at` integer NOT NULL,
	PRIMARY KEY(`org_id`, `job`, `schedule`, `due_at`, `span`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `firings_armed` ON `firings` (`shard`,`start_at`) WHERE outcome = 'armed';--> statement-breakpoint
CREATE TABLE `schedules` (
	`org_id` text NOT NULL,
	`job` text NOT NULL,
	`name` text NOT NULL,
	`spec` text NOT NULL,
	`timing` text NOT NULL,
	`revision` integer NOT NULL,
	`decided_to` integer NOT NULL,
	`next_due_at` integer,
	`pauses` integer NOT NULL,
	`paused_at` integer,
	`resumed_at` integer,
	PRIMARY KEY(`org_id`, `job`, `name`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `schedules_due` ON `schedules` (`next_due_at`) WHERE next_due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `schedules_decided` ON `schedules` (`decided_to`);--> statement-breakpoint
ALTER TABLE `runs` ADD `firing` text;
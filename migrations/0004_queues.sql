CREATE TABLE `queue_tickets` (
	`org_id` text NOT NULL,
	`queue` text NOT NULL,
	`held` integer NOT NULL,
	`rank` integer NOT NULL,
	`run_id` text NOT NULL,
	`slots` integer NOT NULL,
	PRIMARY KEY(`org_id`, `queue`, `held`, `rank`, `run_id`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `runs` ADD `superseded_by` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `tickets` text;
CREATE TABLE `fly_machines` (
	`org_id` text NOT NULL,
	`job` text NOT NULL,
	`schedule` text NOT NULL,
	`app` text NOT NULL,
	`machine_name` text NOT NULL,
	`machine_id` text,
	`made` text NOT NULL,
	`next` text,
	`seen_to` integer NOT NULL,
	`asked_at` integer NOT NULL,
	`failures` integer NOT NULL,
	`problem` text,
	`revision` integer NOT NULL,
	PRIMARY KEY(`org_id`, `job`, `schedule`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `fly_machines_name` ON `fly_machines` (`machine_name`);--> statement-breakpoint
CREATE INDEX `schedules_of_fly` ON `schedules` (`org_id`,`job`,`name`) WHERE spec ->> '$.rule.kind' = 'fly';
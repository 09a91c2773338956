CREATE TABLE `launch_pace` (
	`app` text PRIMARY KEY NOT NULL,
	`next_at` integer NOT NULL,
	`taken_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `attempts` ADD `app` text;--> statement-breakpoint
ALTER TABLE `attempts` ADD `planned_at` integer;--> statement-breakpoint
ALTER TABLE `attempts` ADD `may_be_asked` integer DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `turn_at` integer;
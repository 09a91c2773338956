CREATE TABLE `deployment` (
	`id` text PRIMARY KEY NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `fleets` (
	`app` text PRIMARY KEY NOT NULL,
	`swept_at` integer NOT NULL,
	`known` integer NOT NULL,
	`unknown` integer NOT NULL,
	`reaped` integer NOT NULL,
	`cursor` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `machine_sightings` (
	`app` text NOT NULL,
	`machine_id` text NOT NULL,
	`name` text NOT NULL,
	`run_id` text,
	`why` text NOT NULL,
	`first_seen_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`destroy_asked_at` integer,
	PRIMARY KEY(`app`, `machine_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `reaped_machines` (
	`at` integer NOT NULL,
	`app` text NOT NULL,
	`machine_id` text NOT NULL,
	`name` text NOT NULL,
	`run_id` text,
	`why` text NOT NULL,
	PRIMARY KEY(`app`, `machine_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `reaped_machines_at` ON `reaped_machines` (`at`);--> statement-breakpoint
CREATE TABLE `sweep_cursors` (
	`over` text PRIMARY KEY NOT NULL,
	`cursor` text NOT NULL,
	`at` integer NOT NULL
) WITHOUT ROWID;

--> statement-breakpoint
INSERT INTO `deployment` (`id`) VALUES (lower(hex(randomblob(8))));

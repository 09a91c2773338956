CREATE TABLE `secrets` (
	`org_id` text NOT NULL,
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`key_id` text NOT NULL,
	`iv` blob NOT NULL,
	`ciphertext` blob NOT NULL,
	`size` integer NOT NULL,
	`redacted` integer NOT NULL,
	`created_at` integer NOT NULL,
	`set_at` integer NOT NULL,
	`retired_at` integer,
	PRIMARY KEY(`org_id`, `name`, `version`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `secrets_retired` ON `secrets` (`retired_at`) WHERE retired_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `secrets_key` ON `secrets` (`key_id`);
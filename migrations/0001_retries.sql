ALTER TABLE `attempts` ADD `limit_passed` text;--> statement-breakpoint
ALTER TABLE `attempts` ADD `detail` text;--> statement-breakpoint
ALTER TABLE `attempts` ADD `output` text;--> statement-breakpoint
ALTER TABLE `attempts` ADD `next` text;--> statement-breakpoint
ALTER TABLE `attempts` ADD `released_at` integer;--> statement-breakpoint
ALTER TABLE `runs` ADD `limit_passed` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `rests_until` integer;--> statement-breakpoint
ALTER TABLE `runs` ADD `origin_id` text;--> statement-breakpoint
CREATE INDEX `runs_origin` ON `runs` (`origin_id`) WHERE origin_id IS NOT NULL;
DROP INDEX `runs_open`;--> statement-breakpoint
CREATE INDEX `runs_resting` ON `runs` (`open`) WHERE open = 1 AND rests_until IS NOT NULL;--> statement-breakpoint
CREATE INDEX `runs_due` ON `runs` (`rests_until`) WHERE open = 1 AND rests_until IS NOT NULL;--> statement-breakpoint
CREATE INDEX `runs_open` ON `runs` (`open`) WHERE open = 1 AND rests_until IS NULL;--> statement-breakpoint
ALTER TABLE `fleets` ADD `needed_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `machine_sightings` ADD `looked_at` integer;--> statement-breakpoint
UPDATE `fleets` SET `needed_at` = `swept_at`;

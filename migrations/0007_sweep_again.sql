ALTER TABLE `fleets` ADD `needed_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `machine_sightings` ADD `looked_at` integer;--> statement-breakpoint
UPDATE `fleets` SET `needed_at` = `swept_at`;

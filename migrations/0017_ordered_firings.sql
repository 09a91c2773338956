ALTER TABLE `firings` ADD `order_key` text;--> statement-breakpoint
CREATE UNIQUE INDEX `firings_ordered` ON `firings` (`org_id`,`order_key`) WHERE order_key IS NOT NULL;
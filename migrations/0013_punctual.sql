ALTER TABLE `attempts` ADD `ready_at` integer;

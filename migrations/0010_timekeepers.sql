CREATE TABLE `timekeepers` (
	`shard` integer PRIMARY KEY NOT NULL,
	`since` integer NOT NULL,
	`seen_at` integer NOT NULL
);

CREATE TABLE `handovers` (
	`root_run_id` text NOT NULL,
	`upstream_run_id` text NOT NULL,
	`job` text NOT NULL,
	`org_id` text NOT NULL,
	`verdict` text NOT NULL,
	`ended_at` integer NOT NULL,
	`tries` integer NOT NULL,
	`next_at` integer,
	`decided_at` integer,
	`run_id` text,
	`detail` text,
	PRIMARY KEY(`root_run_id`, `upstream_run_id`, `job`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `handovers_due` ON `handovers` (`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `job_links` (
	`org_id` text NOT NULL,
	`upstream` text NOT NULL,
	`status` text NOT NULL,
	`job` text NOT NULL,
	PRIMARY KEY(`org_id`, `upstream`, `status`, `job`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `job_links_job` ON `job_links` (`org_id`,`job`);--> statement-breakpoint
ALTER TABLE `runs` ADD `upstream` text;--> statement-breakpoint
CREATE TRIGGER `handovers_settled` AFTER INSERT ON `run_events` WHEN NEW.type = 'settled' AND EXISTS (SELECT 1 FROM job_links l WHERE l.org_id = NEW.org_id AND l.upstream = (SELECT r.job_name FROM runs r WHERE r.id = NEW.run_id) AND l.status = (NEW.data ->> '$.status')) BEGIN INSERT INTO handovers (root_run_id, upstream_run_id, job, org_id, verdict, ended_at, tries, next_at) SELECT coalesce(r.upstream ->> '$.chain.rootId', r.id), r.id, l.job, r.org_id, 'waiting', NEW.at, 0, NEW.at FROM runs r CROSS JOIN job_links l ON l.org_id = r.org_id AND l.upstream = r.job_name AND l.status = (NEW.data ->> '$.status') WHERE r.id = NEW.run_id; END;

CREATE TABLE `notifications` (
	`webhook_id` text NOT NULL,
	`line` text NOT NULL,
	`seq` integer NOT NULL,
	`id` text NOT NULL,
	`org_id` text NOT NULL,
	`kind` text NOT NULL,
	`type` text NOT NULL,
	`payload` text NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`tries_from` integer NOT NULL,
	`tries` integer NOT NULL,
	`next_at` integer,
	`ended_at` integer,
	`attempts` text NOT NULL,
	PRIMARY KEY(`webhook_id`, `line`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `notifications_listed` ON `notifications` (`webhook_id`,`id`);--> statement-breakpoint
CREATE INDEX `notifications_due` ON `notifications` (`webhook_id`,`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `outbox` (
	`source` text NOT NULL,
	`seq` integer NOT NULL,
	`org_id` text NOT NULL,
	PRIMARY KEY(`source`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `webhooks` (
	`org_id` text NOT NULL,
	`id` text NOT NULL,
	`spec` text NOT NULL,
	`wants` text NOT NULL,
	`revision` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`disabled_at` integer,
	`disabled_why` text,
	`failing_since` integer,
	`failed_at` integer,
	`key_id` text NOT NULL,
	`iv` blob NOT NULL,
	`ciphertext` blob NOT NULL,
	`old_key_id` text,
	`old_iv` blob,
	`old_ciphertext` blob,
	`old_until` integer,
	PRIMARY KEY(`org_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER `outbox_accepted` AFTER INSERT ON `runs` WHEN EXISTS (SELECT 1 FROM webhooks w WHERE w.org_id = NEW.org_id AND instr(w.wants, ' accepted ') > 0) BEGIN INSERT INTO outbox (source, seq, org_id) VALUES (NEW.id, 1, NEW.org_id); END;
--> statement-breakpoint
CREATE TRIGGER `outbox_run_events` AFTER INSERT ON `run_events` WHEN NEW.type IN ('machine_started', 'attempt_failed', 'settled') AND EXISTS (SELECT 1 FROM webhooks w WHERE w.org_id = NEW.org_id AND instr(w.wants, ' ' || NEW.type || coalesce(':' || (NEW.data ->> '$.status'), '') || ' ') > 0) BEGIN INSERT INTO outbox (source, seq, org_id) VALUES (NEW.run_id, NEW.seq, NEW.org_id); END;
--> statement-breakpoint
CREATE TRIGGER `outbox_alerts` AFTER INSERT ON `alerts` WHEN EXISTS (SELECT 1 FROM webhooks w WHERE w.org_id = NEW.org_id AND instr(w.wants, ' ' || NEW.type || ' ') > 0) BEGIN INSERT INTO outbox (source, seq, org_id) VALUES ('alerts', NEW.seq, NEW.org_id); END;

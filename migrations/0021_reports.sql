DROP TRIGGER `outbox_accepted`;
--> statement-breakpoint
CREATE TRIGGER `outbox_accepted` AFTER INSERT ON `runs` WHEN NEW.delivery ->> '$.report.context' IS NOT NULL OR EXISTS (SELECT 1 FROM webhooks w WHERE w.org_id = NEW.org_id AND instr(w.wants, ' accepted ') > 0) BEGIN INSERT INTO outbox (source, seq, org_id) VALUES (NEW.id, 1, NEW.org_id); END;
--> statement-breakpoint
DROP TRIGGER `outbox_run_events`;
--> statement-breakpoint
CREATE TRIGGER `outbox_run_events` AFTER INSERT ON `run_events` WHEN NEW.type IN ('machine_started', 'attempt_failed', 'settled') AND (EXISTS (SELECT 1 FROM webhooks w WHERE w.org_id = NEW.org_id AND instr(w.wants, ' ' || NEW.type || coalesce(':' || (NEW.data ->> '$.status'), '') || ' ') > 0) OR NEW.type <> 'attempt_failed' AND EXISTS (SELECT 1 FROM runs r WHERE r.id = NEW.run_id AND r.delivery ->> '$.report.context' IS NOT NULL)) BEGIN INSERT INTO outbox (source, seq, org_id) VALUES (NEW.run_id, NEW.seq, NEW.org_id); END;

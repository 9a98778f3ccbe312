-- What a service at revision 0002 leaves in its tables. Written in the SQL of its time: it never changes again.

INSERT INTO outages (name, since, failures, reason, probe_at) VALUES
  ('llm', now() - interval '4 minutes', 5, 'time-out', now() + interval '1 second'),
  ('zendesk', now() - interval '40 days', 1, 'helpdesk answered 503', now() - interval '40 days');

INSERT INTO cursors (helpdesk, account, upto) VALUES
  ('zendesk', 'acme.zendesk.com', '2026-11-01T08:00:00+00:00'),
  ('freshdesk', 'acme.freshdesk.com', '2026-11-01T08:01:00+00:00');

INSERT INTO budgets (name, newest, counts, limit_seen, blocked_until) VALUES
  ('zendesk acme.zendesk.com: account', date_trunc('minute', now()), '{0,0,0,0,0,0,0,0,3,9,12,40,7}', 400, now() + interval '9 seconds'),
  ('freshdesk acme.freshdesk.com: account', date_trunc('minute', now()), '{0,0,0,0,0,0,0,0,0,0,0,2,1}', NULL, NULL);

INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, status, scheduled_at, attempts) VALUES
  ('zendesk', 'look', -29700000, 'zendesk:1010', 'zendesk:1010',
   '{"helpdesk": "zendesk", "ticket_id": "1010", "attempt": 3, "defects": 0, "waits_for": "llm", "since": "2026-11-01T08:00:00+00:00", "after_s": 600, "reason": "the model does not answer"}',
   'todo', now() + interval '10 minutes', 0),
  ('chores', 'reconcile', 0, 'reconcile:zendesk', 'reconcile:zendesk:regular:0', '{"helpdesk": "zendesk", "since": "", "after_s": 0}', 'todo', NULL, 0);

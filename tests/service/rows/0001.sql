-- What a service at revision 0001 leaves in its tables. Written in the SQL of its time: it never changes again.

INSERT INTO deliveries (helpdesk, kind, ticket_id, what, delivery_id, author_id, message_id, received_at, forwarded_at, result) VALUES
  ('zendesk', 'ticket', '1001', 'ticket.comment_added', '01J9ZK0A1', '900001', '5001', now() - interval '2 hours', now() - interval '2 hours', 'job'),
  ('zendesk', 'ticket', '1001', 'ticket.comment_added', '01J9ZK0A2', '900099', '5002', now() - interval '2 hours', now() - interval '2 hours', 'our own note'),
  ('zendesk', 'ticket', '1009', 'ticket.created', '01J9ZK0A3', '900004', '5090', now() - interval '1 minute', NULL, ''),
  ('freshdesk', 'ticket', '79', 'created', '', '', '', now() - interval '1 minute', NULL, ''),
  ('freshdesk', 'poll', '', 'unreadable', '', '', '', now() - interval '1 day', now() - interval '1 day', 'poll');

INSERT INTO drafts (helpdesk, account, ticket_id, message_id, reference, verdict, html, details, created_at, note_id, posted_at) VALUES
  ('zendesk', 'acme.zendesk.com', '1001', '5001', 'DP-GFKN5', 'ready', '<p>Dear Ms Lind, your parcel is on its way.</p>',
   '{"sources": ["https://help.acme.example/parcels"], "confidence": 0.71, "writer": "model", "model": "large", "prompt_version": "1", "language": "en", "intent": "order status", "tokens_in": 2100, "tokens_out": 310, "dropped_citations": 0}',
   now() - interval '2 hours', '5002', now() - interval '2 hours'),
  ('zendesk', 'acme.zendesk.com', '1002', '5010', 'DP-Z48RD', 'ready', '<p>Dear Mr Holm, a refund takes five working days.</p>',
   '{"sources": [], "confidence": 0.5, "writer": "passages", "model": "", "prompt_version": "1", "language": "en", "intent": "", "tokens_in": 0, "tokens_out": 0, "dropped_citations": 0}',
   now() - interval '40 days', '5011', now() - interval '40 days'),
  ('freshdesk', 'acme.freshdesk.com', '77', 'ticket', 'DP-WPRC7', 'uncovered', '<p>Which kettle is it?</p>',
   '{"sources": [], "confidence": 0.1, "writer": "model", "model": "large", "prompt_version": "1", "language": "de", "intent": "fault", "tokens_in": 900, "tokens_out": 80, "dropped_citations": 1}',
   now() - interval '5 minutes', NULL, NULL);

INSERT INTO silences (helpdesk, account, ticket_id, message_id, reason, at) VALUES
  ('zendesk', 'acme.zendesk.com', '1003', '5020', 'the message is a thank-you', now() - interval '3 hours'),
  ('zendesk', 'acme.zendesk.com', '1004', '', 'the ticket is closed', now() - interval '50 days');

INSERT INTO parked (helpdesk, account, ticket_id, attempts, error, at) VALUES
  ('zendesk', 'acme.zendesk.com', '1005', 5, 'KeyError', now() - interval '1 day'),
  ('freshdesk', 'acme.freshdesk.com', '80', 1, 'helpdesk answered 404', now() - interval '45 days');

-- Writing was stopped in Freshdesk, because a note came back public: that outlives every update.
INSERT INTO outages (name, since) VALUES ('leak:freshdesk', now() - interval '1 hour');

INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now());
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, status, scheduled_at, attempts, worker_id) VALUES
  ('tickets', 'look', 0, 'zendesk:1006', 'zendesk:1006', '{"helpdesk": "zendesk", "ticket_id": "1006", "attempt": 2, "defects": 1}', 'todo', now() - interval '2 seconds', 0, NULL),
  ('tickets', 'look', 0, 'freshdesk:81', 'freshdesk:81', '{"helpdesk": "freshdesk", "ticket_id": "81", "attempt": 1, "defects": 0}', 'todo', NULL, 0, NULL),
  ('tickets', 'look', 0, 'zendesk:1007', NULL, '{"helpdesk": "zendesk", "ticket_id": "1007", "attempt": 1, "defects": 0}', 'doing', NULL, 0, (SELECT max(id) FROM procrastinate_workers)),
  ('tickets', 'poll', 0, 'poll:zendesk', 'poll:zendesk:0', '{"helpdesk": "zendesk", "since": "2026-11-01T00:00:00+00:00", "turn": 0, "attempt": 1}', 'todo', now() + interval '70 seconds', 0, NULL),
  ('tickets', 'sync', 0, 'sync', 'sync', '{}', 'failed', NULL, 1, NULL);

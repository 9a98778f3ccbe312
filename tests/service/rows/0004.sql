-- What a service at revision 0004 leaves in its tables. Written in the SQL of its time: it never changes again.

INSERT INTO deliveries (helpdesk, kind, ticket_id, what, delivery_id, author_id, message_id, received_at, forwarded_at, result) VALUES
  ('zendesk', 'article', '360001', 'article.published', '01J9ZK0B1', '', '', now() - interval '3 minutes', now() - interval '3 minutes', 'article'),
  ('zendesk', 'article', '360002', 'article.unpublished', '01J9ZK0B2', '', '', now() - interval '1 minute', NULL, '');

INSERT INTO drafts (helpdesk, account, ticket_id, message_id, reference, verdict, html, details, created_at, note_id, posted_at) VALUES
  ('zendesk', 'acme.zendesk.com', '1011', '5110', 'DP-4QK2M', 'ready', '<p>The filter is changed every three months.</p>',
   '{"cited": [["acme.zendesk.com", "360001"], ["acme.zendesk.com", "360003"]], "sources": ["https://help.acme.example/filter"], "confidence": 0.9, "writer": "model", "model": "large", "prompt_version": "2", "language": "en", "intent": "question", "tokens_in": 1800, "tokens_out": 250, "dropped_citations": 0}',
   now() - interval '1 day', '5111', now() - interval '1 day'),
  ('freshdesk', 'acme.freshdesk.com', '82', 'ticket', 'DP-7HX3R', 'uncovered', '<p>Nothing covers this.</p>',
   '{"cited": [], "asked": "Can the lid be engraved?", "nearest": ["acme.freshdesk.com", "41"], "sources": [], "confidence": 0.2, "writer": "model", "model": "large", "prompt_version": "2", "language": "en", "intent": "question", "tokens_in": 1500, "tokens_out": 90, "dropped_citations": 0}',
   now() - interval '1 day', '9001', now() - interval '1 day');

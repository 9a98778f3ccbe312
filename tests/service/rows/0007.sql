-- What a service at revision 0007 leaves in its tables. Written in the SQL of its time: it never changes again.

INSERT INTO drafts (helpdesk, account, ticket_id, message_id, reference, verdict, html, details, requester, created_at, note_id, posted_at) VALUES
  ('zendesk', 'acme.zendesk.com', '1012', '5120', 'DP-9WD5T', 'ready', '<p>Descale it once a month.</p>',
   '{"cited": [["acme.zendesk.com", "360003"]], "sources": ["https://help.acme.example/descaling"], "confidence": 0.8, "certainty": 0.83, "writer": "model", "withheld": "", "model": "large", "prompt_version": "3", "language": "en", "intent": "question", "tokens_in": 1900, "tokens_out": 210, "dropped_citations": 0, "spent": ""}',
   '900007', now() - interval '6 hours', '5121', now() - interval '6 hours');

INSERT INTO silences (helpdesk, account, ticket_id, message_id, reason, requester, at) VALUES
  ('zendesk', 'acme.zendesk.com', '1013', '5130', 'the message is an automatic reply', '900008', now() - interval '1 hour');

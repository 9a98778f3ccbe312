-- What a service at revision 0005 leaves in its tables. Written in the SQL of its time: it never changes again.

INSERT INTO feedback (helpdesk, account, ticket_id, reference, judgement, comment, at) VALUES
  ('zendesk', 'acme.zendesk.com', '1011', 'DP-4QK2M', 'right', '', now() - interval '20 hours'),
  ('zendesk', 'acme.zendesk.com', '1002', 'DP-Z48RD', 'wrong', 'It takes ten days now.', now() - interval '39 days');

INSERT INTO feedback_keys (key, made_at) VALUES
  ('\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', now() - interval '12 days');

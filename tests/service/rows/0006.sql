-- What a service at revision 0006 leaves in its tables. Written in the SQL of its time: it never changes again.

INSERT INTO spending (account, budget, subject, slot, tokens_in, tokens_out, cost) VALUES
  ('zendesk:acme.zendesk.com', 'account', '', date_trunc('day', clock_timestamp(), 'UTC'), 91000, 12000, 0.84),
  ('zendesk:acme.zendesk.com', 'requester', '900001', date_trunc('hour', clock_timestamp(), 'UTC'), 5200, 600, 0.05),
  ('zendesk:acme.zendesk.com', 'organization', '44', date_trunc('hour', clock_timestamp(), 'UTC'), 7400, 900, 0.07);

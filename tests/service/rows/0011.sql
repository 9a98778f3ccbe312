-- What a service at revision 0011 leaves in its tables. Written in the SQL of its time: it never changes again.

INSERT INTO policies (version, text, first_at) VALUES ('b1d2c3a4', 'version: 1', now() - interval '1 day');

INSERT INTO triages (helpdesk, account, ticket_id, message_id, requester, at, tier, category, language, asked_back, policy, rules, details) VALUES
  ('zendesk', 'acme.zendesk.com', '1014', '5140', '900', now() - interval '1 hour', 3, 'privacy', 'de', false, 'b1d2c3a4', '{"category privacy"}', '{"stakes": 4}');

INSERT INTO contexts (customer, facts, at, expires_at) VALUES
  ('ana@example.com', '{"plan": "Pro"}', now() - interval '1 hour', now() + interval '1 day');

INSERT INTO signals (delivery_id, customer, kind, data, at, expires_at) VALUES
  ('s-1', 'ana@example.com', 'sync_failed', '{"job": "nightly"}', now() - interval '1 hour', now() + interval '1 day');

INSERT INTO lookups (name, customer, facts, at, expires_at) VALUES
  ('crm', 'ana@example.com', '{"plan": "Pro"}', now() - interval '1 hour', now() + interval '1 day');

INSERT INTO incidents (name, title, match, texts, stage, started_at, expires_at, by_whom) VALUES
  ('sign-in', 'Nobody can sign in', '{"category": ["account_access"]}', '{"investigating": {"en": "We are on it."}}', 'investigating',
   now() - interval '1 hour', now() + interval '3 hours', 'operator');

INSERT INTO incident_tickets (incident, helpdesk, account, ticket_id, message_id, requester, language, stage, asked)
  SELECT id, 'zendesk', 'acme.zendesk.com', '1014', '5140', '900', 'de', 'investigating', 'is my data safe?' FROM incidents WHERE name = 'sign-in';

INSERT INTO outreach (customer, cause, playbook, situation, subject, text, language, created_at, expires_at) VALUES
  ('ana@example.com', 'sync failed', 'sync', 'The nightly sync failed twice.', 'Your sync', 'Hi', 'en', now() - interval '1 hour', now() + interval '3 days');

INSERT INTO incidents (name, title, match, texts, stage, started_at, expires_at, stopped_at, by_whom, details) VALUES
  ('parcels', 'Parcels are late', '{"words": ["parcel"]}', '{"resolved": {"en": "All is well again."}}', 'resolved',
   now() - interval '9 days', now() - interval '8 days', now() - interval '8 days', 'operator', '{"spike": true}');

INSERT INTO outreach (customer, cause, playbook, situation, subject, text, language, state, created_at, expires_at, decided_at, by_whom) VALUES
  ('ben@example.com', 'sync failed', 'sync', 'The nightly sync failed twice.', 'Your sync', 'Hi', 'en', 'copied', now() - interval '2 days', now() + interval '1 day',
   now() - interval '1 day', 'admin');

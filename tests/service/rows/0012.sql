-- What a service at revision 0012 leaves in its tables. Written in the SQL of its time: it never changes again.

UPDATE feedback SET reason = 'outdated', answer = 'Send the new form.', came = 'note', heard_at = now();
UPDATE pilots SET holdout = 10;

INSERT INTO outcomes (helpdesk, account, ticket_id, message_id, arm, asked_at, reference, noted_at, reply_id, replied_at, use, fidelity, excluded, tier,
    category, language, brand, group_id, channel, writer, model, prompt_version, variant, confidence, tokens_in, tokens_out, cost, requester, details, seen_at) VALUES
  ('zendesk', 'acme.zendesk.com', '1014', '5140', 'note', now() - interval '3 hours', 'DP-7K2QX', now() - interval '2 hours', '5141', now() - interval '1 hour',
   'edited', 0.83, '', 2, 'billing', 'de', '11', '22', 'email', 'model', 'small', 'draft 4', 'shorter:b', 0.71, 900, 120, 0.002, '900', '{"words": 40}', now()),
  ('freshdesk', 'acme.freshdesk.com', '17', '71', 'silent', now() - interval '3 days', '', NULL, '72', now() - interval '2 days',
   '', NULL, 'automatic', 0, '', 'en', '', '', 'portal', '', '', '', '', NULL, 0, 0, NULL, '', '{}', now());

INSERT INTO resolutions (helpdesk, account, ticket_id, arm, label, opened_at, first_reply_at, solved_at, exchanges, reopened_at, again_at, csat, csat_at, excluded,
    tier, category, language, brand, group_id, channel, variant, requester, details, seen_at) VALUES
  ('zendesk', 'acme.zendesk.com', '1014', 'note', 'ai_assisted', now() - interval '3 hours', now() - interval '1 hour', now() - interval '30 minutes', 1,
   now() - interval '20 minutes', now() - interval '10 minutes', 1, now() - interval '5 minutes', '', 2, 'billing', 'de', '11', '22', 'email', 'shorter:b', '900', '{"csat": "survey"}', now()),
  ('freshdesk', 'acme.freshdesk.com', '17', 'baseline', 'human_only', now() - interval '3 days', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'merged',
   0, '', 'en', '', '', 'portal', '', '', '{}', now());

INSERT INTO imports (helpdesk, account, what, since, upto, cursor, done_at, tickets) VALUES
  ('zendesk', 'acme.zendesk.com', 'baseline', now() - interval '90 days', now() - interval '1 day', 'MTY5', now(), 812);

INSERT INTO lessons (helpdesk, account, ticket_id, message_id, kind, origin, state, question, reply, changed, language, category, brand, organization, requester,
    everyone, owner, expires_at, created_at, decided_at, by_whom, seen, details) VALUES
  ('zendesk', 'acme.zendesk.com', '1014', '5140', 'reply', 'edited', 'approved', 'Where is my invoice?', 'Under Settings, Invoices.', 'added where', 'en', 'billing', '11', '33', '900',
   true, 'billing team', now() + interval '180 days', now() - interval '1 hour', now(), 'admin', 2, '{"fidelity": 0.83}');
INSERT INTO lessons (helpdesk, account, ticket_id, message_id, kind, origin, state, question, reply, merged_into)
  SELECT 'zendesk', 'acme.zendesk.com', '1015', '5150', 'hand_over', 'corrected', 'merged', 'I want my data deleted', 'A person answers.', id FROM lessons;

INSERT INTO merits (account, article, cited, votes_right, votes_wrong, fidelity, factor, at) VALUES ('*', 'folder:invoices.md', 20, 3, 2, 0.64, 0.9, now());

INSERT INTO experiments (name, variants, rules, state, started_at, ended_at, by_whom, details) VALUES
  ('shorter', '[{"name": "a"}, {"name": "b", "model": "small"}]', '{"least": 50}', 'rolled_back', now() - interval '9 days', now(), 'admin', '{"why": "wrong votes"}');

INSERT INTO samples (week, helpdesk, account, ticket_id, message_id, category, text, requester, drawn_at) VALUES
  ('2026-11-16', 'zendesk', 'acme.zendesk.com', '1014', '5140', 'billing', '{"asked": "Where is my invoice?"}', '900', now());
INSERT INTO reviews (sample, reviewer, scores, remark, at) SELECT id, 'admin', '{"tone": 2}', 'well said', now() FROM samples;

INSERT INTO drifts (category, kind, since, figures, raises, lowered_at, by_whom) VALUES
  ('billing', 'acceptance', now() - interval '2 days', '{"before": 0.6, "now": 0.3}', true, now(), 'admin');

INSERT INTO rounds (name, begun_at, ended_at, done) VALUES ('merits', now() - interval '1 hour', now() - interval '59 minutes', '12 articles');

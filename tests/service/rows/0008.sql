-- What a service at revision 0008 leaves in its tables. Written in the SQL of its time: it never changes again.

INSERT INTO outages (name, since, failures, reason, probe_at, by_whom) VALUES
  ('pause:zendesk', now() - interval '2 days', 5, 'the new price list is not out', '9999-01-01T00:00:00+00:00', 'Mara');

INSERT INTO pilots (helpdesk, brands, groups, tags, percent) VALUES
  ('zendesk', '{77}', '{12,Billing}', '{pilot}', 25);

INSERT INTO changes (at, by_whom, what, helpdesk, details) VALUES
  (now() - interval '3 days', 'Mara', 'pilot', 'zendesk', '{"percent": 25}');

-- What a service at revision 0009 leaves in its tables. Written in the SQL of its time: it never changes again.

INSERT INTO syncs (asked_at, began_at, seen_at, ended_at, progress, reports, problem) VALUES
  (now() - interval '2 hours', now() - interval '2 hours', now() - interval '1 hour', now() - interval '1 hour', '{"zendesk": [40, 40]}', '[]', ''),
  (now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour', '{}', '[]', 'the embeddings endpoint does not answer');

-- What a service at revision 0010 leaves in its tables. Written in the SQL of its time: it never changes again.

INSERT INTO deliveries (helpdesk, kind, ticket_id, what, delivery_id, author_id, message_id, received_at, forwarded_at, result, trace) VALUES
  ('zendesk', 'ticket', '1014', 'ticket.comment_added', '01J9ZK0C1', '900009', '5140', now() - interval '1 hour', now() - interval '1 hour', 'job',
   '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');

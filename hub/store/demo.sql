-- published: events that the broker has confirmed
SELECT count(*) FROM outbox WHERE published_at IS NOT NULL;

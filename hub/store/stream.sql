-- lead: take the relay's lock for this session, if nobody has it
SELECT pg_try_advisory_lock(hashtext('referral-hub'), hashtext('relay'))

-- listen: be woken by writers of the outbox
LISTEN referral_hub_outbox

-- wake: wake the relay when the writer's transaction commits
NOTIFY referral_hub_outbox

-- organizations: all, by id
SELECT id, code FROM organizations

-- unpublished: the first events that no broker has confirmed, in the order of publication
SELECT id, event_id::text, type, subject::text, occurred_at, convert_to(data::text, 'UTF8'),
       cardinality(organizations) > 0
FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT %s

-- unconfirmed: events that have their positions and may or may not have been sent
SELECT id, event_id::text, type, subject::text, occurred_at, convert_to(data::text, 'UTF8'), true
FROM outbox o
WHERE published_at IS NULL AND EXISTS (SELECT FROM organization_events e WHERE e.outbox_id = o.id)
ORDER BY id

-- positions: those that the events have
SELECT outbox_id, organization_id, sequence FROM organization_events WHERE outbox_id = ANY(%s)
ORDER BY outbox_id, organization_id

-- position: give events the next positions in the streams of their organisations
WITH places AS (
    SELECT DISTINCT id, unnest(organizations) AS organization_id FROM outbox WHERE id = ANY(%s)
), grown AS (
    UPDATE organizations o SET last_sequence = o.last_sequence + c.events
    FROM (SELECT organization_id, count(*) AS events FROM places GROUP BY organization_id) c
    WHERE o.id = c.organization_id
    RETURNING o.id, o.last_sequence - c.events AS start
)
INSERT INTO organization_events (organization_id, sequence, outbox_id)
SELECT p.organization_id, g.start + row_number() OVER (PARTITION BY p.organization_id ORDER BY p.id), p.id
FROM places p JOIN grown g ON g.id = p.organization_id
RETURNING outbox_id, organization_id, sequence

-- streams_grew: wake those who follow organisations' streams in the database
NOTIFY referral_hub_streams

-- confirm: events that every topic of theirs has
UPDATE outbox SET published_at = now() WHERE id = ANY(%s)

-- published: how many events each family's topic has been given
SELECT split_part(type, '.', 1), count(*) FROM outbox WHERE published_at IS NOT NULL GROUP BY 1

-- delivered: how many events each organisation's topic has been given
SELECT g.id, g.last_sequence - (
    SELECT count(*) FROM organization_events e JOIN outbox o ON o.id = e.outbox_id
    WHERE o.published_at IS NULL AND e.organization_id = g.id)
FROM organizations g

-- again: published events of one family after an outbox id
SELECT id, event_id::text, type, subject::text, occurred_at, convert_to(data::text, 'UTF8'), false
FROM outbox WHERE published_at IS NOT NULL AND id > %s AND split_part(type, '.', 1) = %s ORDER BY id LIMIT %s

-- again_for: published events of one organisation after a position
SELECT e.sequence, o.event_id::text, o.type, o.subject::text, o.occurred_at, convert_to(o.data::text, 'UTF8'), true
FROM organization_events e JOIN outbox o ON o.id = e.outbox_id
WHERE e.organization_id = %s AND e.sequence > %s AND o.published_at IS NOT NULL ORDER BY e.sequence LIMIT %s

-- append: an event into the outbox
INSERT INTO outbox (event_id, type, subject, organizations, occurred_at, data) VALUES (%s, %s, %s, %s, %s, %s)

-- seen: which of these events a consumer has dealt with
SELECT event_id::text FROM processed_events WHERE consumer = %s AND event_id = ANY(%s::uuid[])

-- dealt_with: events that a consumer has dealt with; fails where another process has dealt with one meanwhile
INSERT INTO processed_events (consumer, event_id) SELECT %s, unnest(%s::uuid[])

-- hold_line: one process at a time in the line of a subject, until the transaction ends
SELECT pg_advisory_xact_lock(hashtextextended(%s || ' ' || %s, 0))

-- line_waits: whether events of a subject are parked
SELECT EXISTS (SELECT FROM dead_letters WHERE consumer = %s AND subject = %s AND replayed_at IS NULL)

-- park: an event that cannot be processed (cause) or queues behind one (no cause); nothing where it is parked already
INSERT INTO dead_letters (consumer, subject, event_id, event, cause) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (consumer, event_id, subject) DO NOTHING

-- parked: dead letters that wait, oldest first
SELECT id, consumer, subject::text, event_id::text, event->>'type' AS type, cause, created_at
FROM dead_letters WHERE replayed_at IS NULL ORDER BY id

-- parked_subjects: whose events wait, in the order in which they were parked first
SELECT subject::text FROM dead_letters WHERE consumer = %s AND replayed_at IS NULL GROUP BY subject ORDER BY min(id)

-- first_parked: the event of a subject that is next
SELECT id, event FROM dead_letters WHERE consumer = %s AND subject = %s AND replayed_at IS NULL ORDER BY id LIMIT 1

-- replayed: an event that has been processed after all
UPDATE dead_letters SET replayed_at = now() WHERE id = %s

-- parked_again: an event that cannot be processed, still or now
UPDATE dead_letters SET cause = %s WHERE id = %s

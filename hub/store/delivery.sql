-- lead: take the locks of destinations that nobody leads, for this session; those that it got
WITH free AS MATERIALIZED (SELECT id FROM destinations WHERE removed_at IS NULL AND NOT id = ANY(%(led)s))
SELECT id FROM free WHERE pg_try_advisory_lock(hashtext('referral-hub delivery'), id)

-- listen: be woken when organisations' streams have grown, or somebody has changed what is to be sent
LISTEN referral_hub_streams

-- wake: wake those who listen when the transaction commits
NOTIFY referral_hub_streams

-- plan: events of the destinations' own streams become deliveries, each event once, in the stream's order
WITH due AS (
    SELECT id, organization_id, dialect, position FROM destinations WHERE id = ANY(%(led)s) AND removed_at IS NULL
), events AS (
    SELECT t.id AS destination_id, t.organization_id, t.dialect, x.*
    FROM due t CROSS JOIN LATERAL (
        SELECT e.sequence, o.id AS outbox_id, o.event_id, o.type, o.subject, (o.data->>'message_id')::uuid AS message_id
        FROM organization_events e JOIN outbox o ON o.id = e.outbox_id
        WHERE e.organization_id = t.organization_id AND e.sequence > t.position
        ORDER BY e.sequence LIMIT %(limit)s) x
), rules AS (
    SELECT * FROM unnest(%(dialects)s::text[], %(events)s::text[], %(parts)s::text[], %(kinds)s::text[],
                         %(needs)s::text[]) WITH ORDINALITY AS r (dialect, event, part, kind, needs, line)
), written AS (
    INSERT INTO deliveries (destination_id, outbox_id, referral_id, kind, control_id)
    SELECT e.destination_id, e.outbox_id, e.subject, r.kind, upper(left(encode(sha256(convert_to(
               concat_ws(' ', e.event_id, e.destination_id, r.kind), 'UTF8')), 'hex'), 20))
    FROM events e JOIN referrals f ON f.id = e.subject
         JOIN rules r ON r.dialect = e.dialect AND r.event = e.type
         LEFT JOIN messages m ON m.id = e.message_id
    WHERE e.organization_id = CASE r.part WHEN 'sender' THEN f.sender_id ELSE f.receiver_id END
      AND m.organization_id IS DISTINCT FROM e.organization_id
      AND (r.needs = '' OR starts_with(r.needs, '!') <> EXISTS (
               SELECT FROM fragments g WHERE g.message_id = e.message_id
               AND g.resource_type = ANY(string_to_array(ltrim(r.needs, '!'), ','))))
    ORDER BY e.destination_id, e.sequence, r.line
    ON CONFLICT DO NOTHING
), read AS (
    UPDATE destinations t SET position = e.last
    FROM (SELECT destination_id, max(sequence) AS last FROM events GROUP BY 1) e WHERE t.id = e.destination_id
)
SELECT count(*) FROM events

-- left: referrals with a receiver whose system has them, at rest, and was not asked since the newest event of each;
-- who has refused a question is asked no other until somebody has decided about that. Closed states are named as the
-- index names them
SELECT t.id AS destination_id, k.kind, o.id AS outbox_id, r.state, r.priority, r.requested_at, r.state_since,
       CASE WHEN pg_input_is_valid(r.details->'appointment'->>'start', 'timestamptz')
            THEN (r.details->'appointment'->>'start')::timestamptz END AS appointment, now()
FROM destinations t JOIN unnest(%(dialects)s::text[], %(kinds)s::text[]) AS k (dialect, kind) ON k.dialect = t.dialect
     JOIN referrals r ON r.receiver_id = t.organization_id
     CROSS JOIN LATERAL (SELECT max(id) AS id FROM outbox WHERE subject = r.id) o
WHERE t.id = ANY(%(led)s) AND t.removed_at IS NULL AND r.state = ANY(%(states)s)
  AND r.state NOT IN ('rejected', 'referred-onward', 'cancelled', 'expired', 'closed')
  AND r.requested_at < now() - %(shortest)s::interval
  AND EXISTS (SELECT FROM outbox e JOIN deliveries d ON d.outbox_id = e.id
              WHERE e.subject = r.id AND d.destination_id = t.id AND d.status = 'delivered')
  AND NOT EXISTS (SELECT FROM deliveries d WHERE d.destination_id = t.id AND d.referral_id = r.id
                  AND d.status IN ('waiting', 'dead'))
  AND NOT EXISTS (SELECT FROM deliveries d
                  WHERE d.destination_id = t.id AND d.outbox_id = o.id AND d.question)
  AND NOT EXISTS (SELECT FROM deliveries d WHERE d.destination_id = t.id AND d.question AND d.status = 'dead')

-- inquire: ask where referrals stand, as of their newest events
INSERT INTO deliveries (destination_id, outbox_id, referral_id, kind, control_id, question)
SELECT n.destination_id, o.id, o.subject, n.kind, upper(left(encode(sha256(convert_to(
           concat_ws(' ', o.event_id, n.destination_id, n.kind), 'UTF8')), 'hex'), 20)), true
FROM unnest(%(destination_id)s::int[], %(outbox_id)s::bigint[], %(kind)s::text[])
         AS n (destination_id, outbox_id, kind) JOIN outbox o ON o.id = n.outbox_id
ON CONFLICT DO NOTHING

-- forget: what was delivered or skipped so long ago, with its tries; what waits and dead letters stay
WITH old AS MATERIALIZED (
    SELECT id FROM deliveries
    WHERE status IN ('delivered', 'skipped') AND settled_at < now() - %(keep)s::interval ORDER BY settled_at LIMIT 5000
), tried AS (
    DELETE FROM delivery_attempts WHERE delivery_id IN (SELECT id FROM old)
)
DELETE FROM deliveries WHERE id IN (SELECT id FROM old)

-- first: of a destination that may be sent to, the delivery that is next; those of one referral wait for one another,
-- but not for a question that was refused
SELECT d.id FROM deliveries d
WHERE d.destination_id = t.id AND d.status = 'waiting' AND d.due_at <= now() AND d.id IS DISTINCT FROM %(besides)s
  AND t.paused_at IS NULL AND t.removed_at IS NULL AND coalesce(t.resume_at, now()) <= now()
  AND NOT EXISTS (SELECT FROM deliveries e
                  WHERE e.destination_id = d.destination_id AND e.referral_id = d.referral_id
                    AND e.status IN ('waiting', 'dead') AND e.id < d.id
                    AND (e.status = 'waiting' OR NOT e.question))
ORDER BY d.due_at, d.id LIMIT 1

-- ready: destinations that have something to send now; `first` stands between this and ready_end
SELECT t.id FROM destinations t WHERE t.id = ANY(%(led)s) AND EXISTS (

-- ready_end: those
)

-- take: begin to send what is next; an attempt that never ended (the process did) counts as one; `first` stands
-- inside. It waits for the disk only where no bytes are kept afterwards, which does
WITH next AS (
    SELECT n.id, (SELECT count(*) FROM delivery_attempts a WHERE a.delivery_id = n.id AND a.ended_at IS NULL) AS open
    FROM destinations t CROSS JOIN LATERAL (

-- take_end: the rest of it
) n WHERE t.id = %(destination)s
), interrupted AS (
    UPDATE delivery_attempts a SET ended_at = now(), outcome = 'interrupted'
    FROM next n WHERE n.open > 0 AND a.delivery_id = n.id AND a.ended_at IS NULL
), taken AS (
    UPDATE deliveries d
    SET attempts = d.attempts + 1, tries = d.tries + n.open, first_tried_at = coalesce(d.first_tried_at, now())
    FROM next n WHERE d.id = n.id
      AND set_config('synchronous_commit', CASE WHEN d.payload IS NULL THEN 'off' ELSE 'on' END, true) <> ''
    RETURNING d.*
), begun AS (
    INSERT INTO delivery_attempts (delivery_id, number) SELECT id, attempts FROM taken
)
SELECT d.id, d.destination_id, g.id AS organization_id, g.code AS organization, g.timezone, d.referral_id::text,
       d.kind, d.control_id, d.attempts, d.tries, d.first_tried_at, now() AS taken_at, d.payload,
       o.type AS event, o.occurred_at, o.data, t.failures,
       t.protocol, t.address, t.dialect, t.version, t.charset, t.application, t.facility, t.timeout, t.tls,
       t.authorities, t.certificate, t.token, t.most_tries, t.most_hours
FROM taken d JOIN destinations t ON t.id = d.destination_id JOIN organizations g ON g.id = t.organization_id
     JOIN outbox o ON o.id = d.outbox_id

-- keep: what is sent from now on in every try
UPDATE deliveries SET payload = %(payload)s WHERE id = %(id)s

-- settle: what became of an attempt; what somebody skipped meanwhile stays so, unless it has arrived. It does not wait
-- for the disk: a later message's bytes do, the next one's or those after; if PostgreSQL crashes first, it is sent again
WITH attempt AS (
    UPDATE delivery_attempts SET ended_at = now(), outcome = %(outcome)s, code = %(code)s, path = %(path)s
    WHERE delivery_id = %(id)s AND number = %(attempt)s AND ended_at IS NULL
), settled AS (
    UPDATE deliveries
    SET status = CASE WHEN status = 'waiting' OR %(status)s = 'delivered' THEN %(status)s ELSE status END,
        due_at = now() + make_interval(secs => %(pause)s), tries = tries + %(reached)s::int,
        answer = coalesce(nullif(%(raw)s, ''::bytea), answer), cause = %(cause)s,
        settled_at = CASE WHEN %(status)s = 'waiting' THEN settled_at ELSE now() END
    WHERE id = %(id)s AND attempts = %(attempt)s
)
UPDATE destinations
SET failures = %(failures)s, resume_at = CASE WHEN %(failures)s > 0 THEN now() + make_interval(secs => %(pause)s) END,
    delivered = delivered + (%(status)s = 'delivered')::int, failed = failed + (%(status)s <> 'delivered')::int,
    answer = CASE WHEN %(answered)s THEN %(outcome)s ELSE answer END,
    answered_at = CASE WHEN %(answered)s THEN now() ELSE answered_at END,
    fault = CASE WHEN %(status)s = 'delivered' THEN fault ELSE
                concat_ws(' ', %(outcome)s, nullif(%(code)s, ''), nullif(%(path)s, '')) END,
    fault_at = CASE WHEN %(status)s = 'delivered' THEN fault_at ELSE now() END
FROM set_config('synchronous_commit', 'off', true)
WHERE id = %(destination)s

-- origins: the Bundle that said what a delivery's referral asks, as of its event; whether the same message made the
-- event, else its Bundle; and the newest booking up to the event
WITH past AS (
    SELECT o.id, o.type, o.data, (o.data->>'message_id')::uuid AS message_id
    FROM deliveries d JOIN outbox o ON o.subject = d.referral_id AND o.id <= d.outbox_id WHERE d.id = %(id)s
), asked AS (
    SELECT m.id, m.bundle FROM past p JOIN messages m ON m.id = p.message_id
    WHERE p.type IN ('referral.requested.v1', 'referral.amended.v1', 'referral.information-supplied.v1')
      AND EXISTS (SELECT FROM json_array_elements(m.bundle->'entry') e
                  WHERE e->'resource'->>'resourceType' = 'ServiceRequest')
    ORDER BY p.id DESC LIMIT 1
)
SELECT (SELECT bundle FROM asked), m.id = (SELECT id FROM asked),
       CASE WHEN m.id IS DISTINCT FROM (SELECT id FROM asked) THEN m.bundle END,
       (SELECT p.data->'appointment' FROM past p WHERE p.type = 'referral.scheduled.v1' ORDER BY p.id DESC LIMIT 1)
FROM deliveries d JOIN outbox o ON o.id = d.outbox_id LEFT JOIN messages m ON m.id = (o.data->>'message_id')::uuid
WHERE d.id = %(id)s

-- add_destination: a new one; what happens from now on is delivered to it
INSERT INTO destinations (organization_id, name, protocol, address, dialect, version, charset, application, facility,
                          timeout, tls, authorities, certificate, token, most_tries, most_hours, position)
SELECT g.id, %(name)s, %(protocol)s, %(address)s, %(dialect)s, %(version)s, %(charset)s, %(application)s,
       %(facility)s, %(timeout)s, %(tls)s, %(authorities)s, %(certificate)s, %(token)s, %(most_tries)s,
       %(most_hours)s, g.last_sequence
FROM organizations g WHERE g.id = %(organization_id)s
RETURNING id

-- edit_destination: how one is reached from now on, what waits at once; its token stays where none is given and its
-- address is the same
WITH due AS (
    UPDATE deliveries SET due_at = now() WHERE destination_id = %(id)s AND status = 'waiting' AND due_at > now()
)
UPDATE destinations
SET protocol = %(protocol)s, dialect = %(dialect)s, version = %(version)s, charset = %(charset)s,
    application = %(application)s, facility = %(facility)s, timeout = %(timeout)s, tls = %(tls)s,
    authorities = %(authorities)s, certificate = %(certificate)s, most_tries = %(most_tries)s,
    most_hours = %(most_hours)s, resume_at = NULL,
    token = coalesce(%(token)s, CASE WHEN address = %(address)s THEN token END), address = %(address)s
WHERE id = %(id)s

-- find_destination: one of an organisation by its name
SELECT id FROM destinations
WHERE organization_id = %(organization_id)s AND lower(name) = lower(%(name)s) AND removed_at IS NULL
FOR UPDATE

-- pause_destination: nothing is sent to it until it is resumed
UPDATE destinations SET paused_at = coalesce(paused_at, now()) WHERE id = %(id)s

-- resume_destination: it is sent to, at once
WITH due AS (
    UPDATE deliveries SET due_at = now() WHERE destination_id = %(id)s AND status = 'waiting' AND due_at > now()
)
UPDATE destinations SET paused_at = NULL, failures = 0, resume_at = NULL WHERE id = %(id)s

-- remove_destination: nothing more is delivered to it; what it got stays to be read
UPDATE destinations SET removed_at = now(), token = NULL WHERE id = %(id)s

-- skip_rest: what waits for a destination that is removed
UPDATE deliveries SET status = 'skipped', settled_at = now()
WHERE destination_id = %(id)s AND status IN ('waiting', 'dead')

-- replay: a dead letter waits again and is sent at once; what was refused is written anew
WITH again AS (
    UPDATE deliveries
    SET status = 'waiting', due_at = now(), tries = 0, first_tried_at = NULL, settled_at = NULL, cause = NULL,
        payload = CASE WHEN starts_with(cause, %(given_up)s) THEN payload END
    WHERE id = %(id)s AND status = 'dead'
    RETURNING id, destination_id
), resumed AS (
    UPDATE destinations t SET resume_at = NULL FROM again a WHERE t.id = a.destination_id
)
SELECT id FROM again

-- skip: a delivery is given up by somebody's decision; what waits behind it goes on
UPDATE deliveries SET status = 'skipped', settled_at = now() WHERE id = %(id)s AND status IN ('waiting', 'dead')
RETURNING id

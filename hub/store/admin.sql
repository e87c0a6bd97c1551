-- stuck_messages: messages that wait for somebody, by status, with the oldest
SELECT status, count(*), min(received_at) FROM messages WHERE status IN ('stored', 'parked', 'incomplete') GROUP BY status

-- refused_lately: causes for which messages were refused since a time, by sender, the most frequent first
SELECT o.code AS organization, m.type, coalesce(m.error->>'code', '') AS code, coalesce(m.error->>'path', '') AS path,
       count(*) AS messages, max(m.received_at) AS newest
FROM messages m LEFT JOIN organizations o ON o.id = m.organization_id
WHERE m.status = 'rejected' AND m.id >= %(since)s
GROUP BY o.code, m.type, 3, 4 ORDER BY messages DESC, newest DESC LIMIT 20

-- stuck_outbox: events that no broker has confirmed, the oldest, and the newest that one has
SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL),
       (SELECT occurred_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1),
       (SELECT max(o.published_at) FROM (SELECT published_at FROM outbox ORDER BY id DESC LIMIT 2000) o),
       (SELECT a.backend_start FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND l.classid::bigint = hashtext('referral-hub')::bigint & 4294967295
          AND l.objid::bigint = hashtext('relay')::bigint & 4294967295 LIMIT 1)

-- unprocessed: of the newest published events those that a consumer has not dealt with, the oldest, all looked at
SELECT count(*) FILTER (WHERE p.event_id IS NULL), min(n.occurred_at) FILTER (WHERE p.event_id IS NULL), count(*),
       max(p.processed_at)
FROM (SELECT event_id, occurred_at, type FROM outbox WHERE published_at IS NOT NULL
      ORDER BY id DESC LIMIT %(reach)s) n
     LEFT JOIN LATERAL (SELECT * FROM processed_events e WHERE e.consumer = %(consumer)s AND e.event_id = n.event_id
                        LIMIT 1) p ON true
WHERE split_part(n.type, '.', 1) IN ('referral', 'fragment')

-- waiting_lines: lines of dead letters that wait, the oldest first; behind: events that queue behind the first
SELECT d.consumer, d.subject::text AS subject, min(d.id) AS id, count(*) - 1 AS behind, min(d.created_at) AS since,
       count(*) OVER () AS lines, r.state, s.code AS sender, t.code AS receiver
FROM dead_letters d LEFT JOIN referrals r ON r.id = d.subject
     LEFT JOIN organizations s ON s.id = r.sender_id LEFT JOIN organizations t ON t.id = r.receiver_id
WHERE d.replayed_at IS NULL
GROUP BY d.consumer, d.subject, r.state, s.code, t.code ORDER BY min(d.id) LIMIT %(limit)s

-- waiting_letters: the first events of some lines
SELECT l.id, l.consumer, l.subject::text AS subject, l.event_id::text AS event_id, l.event, l.cause, l.created_at
FROM unnest(%(consumers)s::text[], %(subjects)s::uuid[]) AS line(consumer, subject), LATERAL (
    SELECT * FROM dead_letters d WHERE d.consumer = line.consumer AND d.subject = line.subject
    AND d.replayed_at IS NULL ORDER BY d.id LIMIT %(limit)s) l
ORDER BY l.id

-- line_is_waiting: whether events of a consumer wait, in one line or in any
SELECT EXISTS (SELECT FROM dead_letters WHERE consumer = %(consumer)s AND replayed_at IS NULL
               AND (%(subject)s::uuid IS NULL OR subject = %(subject)s::uuid))

-- dead_letter_counts: events that wait for replay and their lines, by consumer, with the oldest
SELECT consumer, count(*), count(DISTINCT subject), min(created_at) FROM dead_letters WHERE replayed_at IS NULL
GROUP BY consumer ORDER BY consumer

-- waiting_referrals: referrals that the receiver has not taken in yet, or has not decided on, the longest waiting first
SELECT o.code, o.name, count(*) FILTER (WHERE r.state = 'requested') AS requested,
       min(r.state_since) FILTER (WHERE r.state = 'requested') AS requested_since,
       count(*) FILTER (WHERE r.state = 'received') AS received,
       min(r.state_since) FILTER (WHERE r.state = 'received') AS received_since
FROM referrals r JOIN organizations o ON o.id = r.receiver_id
WHERE r.state IN ('requested', 'received')
GROUP BY o.code, o.name ORDER BY min(r.state_since) LIMIT 20

-- streams: each organisation's own stream and when its organisation was last heard from
SELECT o.code, o.name, o.kind, o.last_sequence, h.received_at AS heard
FROM organizations o LEFT JOIN LATERAL (
    SELECT m.received_at FROM messages m WHERE m.organization_id = o.id ORDER BY m.id DESC LIMIT 1) h ON true
ORDER BY lower(o.code)

-- messages_by_day: messages of the last days by organisation: those of the last day and of the seven
SELECT o.code, count(*) FILTER (WHERE m.id >= %(day)s), count(*)
FROM messages m JOIN organizations o ON o.id = m.organization_id WHERE m.id >= %(week)s GROUP BY o.code

-- by_index: in this transaction a stretch is read in its order, never by reading the whole table
SET LOCAL enable_seqscan = off

-- browse: messages of a stretch, newest first; conditions of what is asked for stand between this and browse_end
SELECT m.id::text AS id, m.received_at, o.code AS organization, o.name AS organization_name, m.channel, m.type,
       m.control_id, m.status, m.code, m.referral_id::text AS referral_id, m.error
FROM (SELECT id, received_at, organization_id, channel, type, control_id, status, code, referral_id, error
      FROM messages WHERE

-- browse_end: at most so many rows are looked at for a page, however rare what is asked for
ORDER BY id DESC LIMIT %(reach)s) m LEFT JOIN organizations o ON o.id = m.organization_id WHERE

-- browse_order: the page
ORDER BY m.id DESC LIMIT %(limit)s

-- browse_reach: the last row of the stretch that one page looks at; conditions stand before it
SELECT messages.id::text AS last_id, received_at FROM messages WHERE

-- browse_reach_end: it
ORDER BY id DESC OFFSET %(reach)s - 1 LIMIT 1

-- stretch_all: every message
true

-- stretch_after: older than the last one of the page before
id < %(after)s

-- stretch_since: by the time in the id, which was made within the hour of the message's coming
id >= %(first)s

-- stretch_until: by the time in the id
id < %(last)s

-- stretch_organization: by sender
organization_id = (SELECT o.id FROM organizations o WHERE lower(o.code) = lower(%(organization)s))

-- stretch_control_id: by control id
control_id = %(control_id)s

-- stretch_status: by processing state
status = %(status)s

-- narrow_all: all of the stretch
true

-- narrow_since: received then or later
m.received_at >= %(since)s

-- narrow_until: received before
m.received_at < %(until)s

-- narrow_channel: by the way they came
m.channel = %(channel)s

-- narrow_type: by type
m.type = %(type)s

-- caused: events that a message caused
SELECT x.id, x.event_id::text AS event_id, x.type, x.subject::text AS subject, x.occurred_at, x.published_at
FROM (SELECT * FROM outbox WHERE subject = ANY(%(subjects)s)) x
WHERE x.data->>'message_id' = %(message_id)s ORDER BY x.id LIMIT 50

-- referral_of: where a referral stands, for whoever runs the hub
SELECT r.id::text AS id, r.state, r.version, s.code AS sender, t.code AS receiver, r.updated_at
FROM referrals r JOIN organizations s ON s.id = r.sender_id JOIN organizations t ON t.id = r.receiver_id
WHERE r.id = %(id)s

-- part_raw: the bytes as received
SELECT raw FROM messages WHERE id = %(id)s

-- part_acknowledgement: the bytes of the first answer
SELECT acknowledgement FROM messages WHERE id = %(id)s

-- part_application_acknowledgement: the bytes of the answer that followed
SELECT application_acknowledgement FROM messages WHERE id = %(id)s

-- part_bundle: the Bundle as stored
SELECT convert_to(bundle::text, 'UTF8') FROM messages WHERE id = %(id)s

-- part_ledger: the ledger as stored
SELECT convert_to(ledger::text, 'UTF8') FROM messages WHERE id = %(id)s

-- trail: what was done or tried in a stretch, newest first; conditions stand between this and trail_end
SELECT a.id, a.at, o.code AS organization, a.actor, a.action, a.object_type, a.object_id, a.allowed
FROM (SELECT * FROM audit a WHERE

-- trail_end: at most so many rows are looked at for a page
ORDER BY a.at DESC, a.id DESC LIMIT %(reach)s) a LEFT JOIN organizations o ON o.id = a.organization_id WHERE

-- trail_order: the page
ORDER BY a.at DESC, a.id DESC LIMIT %(limit)s

-- trail_reach: the last row of the stretch that one page looks at; conditions stand before it
SELECT a.id, a.at FROM audit a WHERE

-- trail_reach_end: it
ORDER BY a.at DESC, a.id DESC OFFSET %(reach)s - 1 LIMIT 1

-- trail_all: the whole trail
true

-- trail_after: before the last one of the page before
(a.at, a.id) < (SELECT b.at, b.id FROM audit b WHERE b.id = %(after)s)

-- trail_since: then or later
a.at >= %(since)s

-- trail_until: before
a.at < %(until)s

-- trail_organization: of people and machines of one organisation
a.organization_id = (SELECT o.id FROM organizations o WHERE lower(o.code) = lower(%(organization)s))

-- trail_object_id: with this object
a.object_id = %(object_id)s

-- among_all: all of the stretch
true

-- among_actor: by one login, or by `token`, `command`
lower(a.actor) = lower(%(actor)s)

-- among_action: one thing done
a.action = %(action)s

-- among_object_type: with one kind of object
a.object_type = %(object_type)s

-- among_refused: refused attempts alone
NOT a.allowed

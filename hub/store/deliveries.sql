-- standings: destinations and how they stand; a condition follows
SELECT o.code AS organization, o.name AS organization_name, t.name, t.protocol, t.address, t.dialect, t.version,
       t.charset, t.application, t.facility, t.timeout, t.tls, t.authorities IS NOT NULL AS authorities,
       t.certificate IS NOT NULL AS certificate,
       t.token IS NOT NULL AS token, t.most_tries, t.most_hours, t.created_at, t.paused_at, t.failures, t.resume_at,
       t.delivered, t.failed, t.answer, t.answered_at, t.fault, t.fault_at, q.waiting, q.dead, q.oldest
FROM destinations t JOIN organizations o ON o.id = t.organization_id CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE d.status = 'waiting') AS waiting, count(*) FILTER (WHERE d.status = 'dead') AS dead,
           min(d.created_at) FILTER (WHERE d.status = 'waiting') AS oldest
    FROM deliveries d WHERE d.destination_id = t.id AND d.status IN ('waiting', 'dead')) q
WHERE t.removed_at IS NULL AND (%(organization)s::text IS NULL OR lower(o.code) = lower(%(organization)s))
ORDER BY lower(o.code), lower(t.name)

-- deliveries: deliveries with their last attempt; conditions of what is asked for follow
SELECT d.id, o.code AS organization, t.name AS destination, d.kind, d.control_id, d.status, x.type AS event,
       d.referral_id::text AS referral_id, d.attempts, d.created_at, d.due_at, d.settled_at, d.cause, a.outcome,
       CASE WHEN d.status = 'waiting' THEN (
           SELECT min(e.id) FROM deliveries e
           WHERE e.destination_id = d.destination_id AND e.referral_id = d.referral_id
             AND e.status IN ('waiting', 'dead') AND e.id < d.id
             AND (e.status = 'waiting' OR NOT e.question)) END AS behind
FROM deliveries d JOIN destinations t ON t.id = d.destination_id JOIN organizations o ON o.id = t.organization_id
     JOIN outbox x ON x.id = d.outbox_id
     LEFT JOIN delivery_attempts a ON a.delivery_id = d.id AND a.number = d.attempts
WHERE

-- all: every one
true

-- id: one
d.id = %(id)s

-- organization: to this organisation's systems
o.id = (SELECT g.id FROM organizations g WHERE lower(g.code) = lower(%(organization)s))

-- destination: to destinations of this name
lower(t.name) = lower(%(destination)s)

-- status: as they stand
d.status = %(status)s

-- referral_id: of one referral
d.referral_id = %(referral_id)s

-- after: the page that follows
d.id > %(after)s

-- before: the page that follows, newest first
d.id < %(before)s

-- oldest_first: a page
ORDER BY d.id LIMIT %(limit)s

-- newest_first: a page
ORDER BY d.id DESC LIMIT %(limit)s

-- attempts: at one delivery
SELECT number, at, ended_at, outcome, code, path FROM delivery_attempts WHERE delivery_id = %(id)s ORDER BY number

-- contents: what is sent and what was answered last; it carries patient data
SELECT d.payload, d.answer, t.charset FROM deliveries d JOIN destinations t ON t.id = d.destination_id
WHERE d.id = %(id)s

-- stuck: dead letters and the referrals that wait behind them, behind a question none; since when, by organisation
SELECT o.code AS organization, count(*) AS letters, min(d.settled_at) AS since,
       count(DISTINCT d.referral_id) FILTER (WHERE NOT d.question) AS referrals
FROM deliveries d JOIN destinations t ON t.id = d.destination_id JOIN organizations o ON o.id = t.organization_id
WHERE d.status = 'dead' GROUP BY o.code ORDER BY since

-- delivering: whether a process leads any destination
SELECT EXISTS (SELECT FROM pg_locks l
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid::bigint = hashtext('referral-hub delivery')::bigint & 4294967295)

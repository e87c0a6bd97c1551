-- page: the referrals of one page, as far as its order needs them; conditions, the order and the limit follow
page AS (
    SELECT r.id, r.version, r.state, r.direction, r.priority, r.urgency, r.cancellation_asked, r.patient_id, r.question,
           r.reason, r.department, r.sender_id, r.receiver_id, r.details, r.requested_at, r.updated_at, r.state_since
    FROM referrals r
    WHERE

-- rows: what a list tells of each referral of the page; the order follows again
)
SELECT r.id::text AS id, r.version, r.state, r.direction, r.priority, r.urgency, r.cancellation_asked,
       p.name AS patient_name, p.gender, p.birth_date, left(r.question, 160) AS question, left(r.reason, 160) AS reason,
       o.code AS party_code, o.name AS party_name, coalesce(d.name, r.department) AS department,
       r.requested_at, r.updated_at, r.state_since, l.at AS looked_at,
       CASE WHEN pg_input_is_valid(r.details->'appointment'->>'start', 'timestamptz')
            THEN (r.details->'appointment'->>'start')::timestamptz END AS appointment,
       ARRAY(SELECT regexp_replace(e.type, '\.v1$', '') FROM outbox e
             WHERE e.subject = r.id AND e.type LIKE 'referral.%%' AND e.occurred_at > coalesce(l.at, '-infinity')
             ORDER BY e.id DESC LIMIT 4) AS events,
       CASE WHEN r.state IN ('outcome-sent', 'closed')
            THEN EXISTS (SELECT FROM fragments f WHERE f.referral_id = r.id AND f.resource_type = 'CarePlan'
                         AND f.organization_id = r.receiver_id) ELSE false END AS planned
FROM page r
     JOIN patients p ON p.id = r.patient_id
     JOIN organizations o ON o.id = CASE WHEN %(received)s THEN r.sender_id ELSE r.receiver_id END
     LEFT JOIN departments d ON d.organization_id = r.receiver_id AND d.code = r.department
     LEFT JOIN looks l ON l.user_id = %(person)s AND l.referral_id = r.id

-- count_from: how many there are, at most the limit; conditions and the limit follow
(SELECT count(*) FROM (SELECT FROM referrals r WHERE

-- count_to: the end of it
LIMIT %(most)s) AS counted)

-- departments: those named in the newest referrals, as (as written, name); the condition of the side follows
ARRAY(SELECT DISTINCT ARRAY[c.department, coalesce(d.name, c.department)]
      FROM (SELECT DISTINCT n.department, n.receiver_id FROM (SELECT r.department, r.receiver_id FROM referrals r WHERE

-- departments_end: the end of it
            ORDER BY r.updated_at DESC LIMIT %(newest)s) n) c
           LEFT JOIN departments d ON d.organization_id = c.receiver_id AND d.code = c.department
      WHERE c.department <> '' ORDER BY 1)

-- parties: the other sides of the newest referrals, as (code, name); the condition of the side follows
ARRAY(SELECT ARRAY[o.code, o.name] FROM organizations o
      WHERE o.id IN (SELECT CASE WHEN %(received)s THEN n.sender_id ELSE n.receiver_id END
                     FROM (SELECT r.sender_id, r.receiver_id FROM referrals r WHERE

-- parties_end: the end of it
                           ORDER BY r.updated_at DESC LIMIT %(newest)s) n)
      ORDER BY o.name, o.code)

-- received: the viewer is the receiver
r.receiver_id = %(viewer)s

-- sent: the viewer is the sender
r.sender_id = %(viewer)s

-- open: not at its end; written as in the index, so that no plan misses it
r.state NOT IN ('rejected', 'referred-onward', 'cancelled', 'expired', 'closed')

-- closed: at its end
r.state IN ('rejected', 'referred-onward', 'cancelled', 'expired', 'closed')

-- receiver_turn: the receiver has it
r.state NOT IN ('rejected', 'referred-onward', 'cancelled', 'expired', 'closed')
AND r.state NOT IN ('draft', 'information-requested', 'outcome-sent')

-- sender_turn: the sender has it
r.state NOT IN ('rejected', 'referred-onward', 'cancelled', 'expired', 'closed')
AND r.state IN ('draft', 'information-requested', 'outcome-sent')

-- all: whatever the state
true

-- priority: by priority
r.priority = %(priority)s

-- department: by department, as written or by its name
(r.department = %(department)s OR r.department IN (SELECT d.code FROM departments d
     WHERE d.organization_id = r.receiver_id AND d.name = %(department)s))

-- party: by the organisation on the other side
CASE WHEN %(received)s THEN r.sender_id ELSE r.receiver_id END IN (SELECT o.id FROM organizations o
     WHERE lower(o.code) = lower(%(party)s))

-- changed: since the person looked; what nobody has answered yet is not news to who sent it
(%(received)s OR r.version > 1) AND NOT EXISTS (SELECT FROM looks l
     WHERE l.user_id = %(person)s AND l.referral_id = r.id AND l.at >= r.updated_at)

-- found: what a search found
r.id IN (SELECT id FROM found)

-- matches: what a search finds, in four ways; the condition of the side follows each of these blocks
found AS MATERIALIZED (SELECT r.id FROM referrals r WHERE

-- matches_name: by beginnings of parts of the name; then by a number of the patient that is valid everywhere or belongs to a party
AND r.patient_id IN (
    SELECT k.patient_id FROM patient_keys k
    WHERE k.key ~>=~ (%(words)s::text[])[1] AND k.key ~<~ ((%(words)s::text[])[1] || chr(1114111))
      AND NOT EXISTS (SELECT FROM unnest((%(words)s::text[])[2:]) AS w (word)
                      WHERE NOT EXISTS (SELECT FROM patient_keys o WHERE o.patient_id = k.patient_id
                                        AND o.key ~>=~ w.word AND o.key ~<~ (w.word || chr(1114111)))))
UNION
SELECT r.id FROM patient_identifiers i JOIN referrals r ON r.patient_id = i.patient_id
WHERE i.value = ANY (%(numbers)s::text[])
  AND (i.organization_id IS NULL OR i.organization_id IN (r.sender_id, r.receiver_id)) AND

-- matches_number: then by a number of the referral
UNION
SELECT r.id FROM referral_identifiers i JOIN referrals r ON r.id = i.referral_id
WHERE i.value = ANY (%(numbers)s::text[]) AND

-- matches_id: then by the hub's own id
UNION
SELECT r.id FROM referrals r WHERE r.id = ANY (%(ids)s::uuid[]) AND

-- by_urgency: the most urgent first, of those who waits longest
ORDER BY r.urgency, r.requested_at, r.id

-- after_urgency: what follows in this order
(r.urgency, r.requested_at, r.id) > (%(after_rank)s, %(after_time)s, %(after_id)s::uuid)

-- by_attention: what the sender must answer, then what it must read, then the rest; the newest change first
ORDER BY (CASE r.state WHEN 'information-requested' THEN 2 WHEN 'outcome-sent' THEN 1 ELSE 0 END) DESC,
         r.updated_at DESC, r.id DESC

-- after_attention: what follows in this order
((CASE r.state WHEN 'information-requested' THEN 2 WHEN 'outcome-sent' THEN 1 ELSE 0 END), r.updated_at, r.id)
    < (%(after_rank)s, %(after_time)s, %(after_id)s::uuid)

-- by_newest: the newest change first
ORDER BY r.updated_at DESC, r.id DESC

-- after_newest: what follows in this order
(r.updated_at, r.id) < (%(after_time)s, %(after_id)s::uuid)

-- by_appointment: the next appointment first, what has none last
ORDER BY coalesce(CASE WHEN pg_input_is_valid(r.details->'appointment'->>'start', 'timestamptz')
               THEN (r.details->'appointment'->>'start')::timestamptz END, '9999-01-01+00'), r.id

-- after_appointment: what follows in this order
(coalesce(CASE WHEN pg_input_is_valid(r.details->'appointment'->>'start', 'timestamptz')
               THEN (r.details->'appointment'->>'start')::timestamptz END, '9999-01-01+00'), r.id) > (%(after_time)s, %(after_id)s::uuid)

-- limit: a page and one more, which tells that there is another
LIMIT %(limit)s

-- news: what came and what changed after a moment, without what the person has seen; the condition of the side follows
SELECT count(*) FILTER (WHERE n.requested_at > %(since)s), count(*)
FROM (SELECT r.requested_at FROM referrals r
      WHERE r.updated_at > %(since)s AND (%(received)s OR r.version > 1)
        AND NOT EXISTS (SELECT FROM looks l
                        WHERE l.user_id = %(person)s AND l.referral_id = r.id AND l.at >= r.updated_at)
        AND

-- news_end: at most so many are counted
      LIMIT %(most)s) n

-- search: the words of a search that is not over, for the person who made it
SELECT text FROM searches WHERE id = %(id)s::uuid AND user_id = %(person)s AND created_at >= %(after)s

-- keep_search: words to search by
INSERT INTO searches (id, user_id, text, created_at) VALUES (%(id)s, %(person)s, %(text)s, %(now)s)

-- forget_searches: those that are over
DELETE FROM searches WHERE created_at < %(before)s

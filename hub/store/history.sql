-- events: what happened to a referral, oldest first, each with the message that it came of, or what acknowledged a
-- delivery; of a form's its beginning
SELECT e.type, e.occurred_at AS at, (e.data->>'version')::integer AS version, e.data->>'state' AS state,
       e.data->>'reason' AS reason, e.data->'appointment' AS appointment,
       m.id::text AS message_id, o.id AS organization_id, o.name AS organization,
       CASE WHEN m.channel = 'fhir' AND m.application = ANY(%(acknowledged)s) THEN m.application ELSE m.channel END
           AS channel,
       CASE WHEN m.channel = 'form' THEN substring(m.raw FROM 1 FOR 4096) END AS beginning
FROM outbox e LEFT JOIN messages m ON m.id = (e.data->>'message_id')::uuid
     LEFT JOIN organizations o ON o.id = m.organization_id
WHERE e.subject = %(referral_id)s AND e.type LIKE 'referral.%%'
ORDER BY e.id DESC LIMIT %(limit)s

-- said: what the parties gave to a referral, as the viewer may see it; what is large (a file) without its content
SELECT f.id::text AS fragment_id, f.message_id::text AS message_id, f.organization_id, o.name AS organization,
       f.resource_type, f.received_at, f.recorded_at,
       CASE WHEN pg_column_size(f.resource) < %(largest)s THEN f.resource ELSE '{}' END AS resource
FROM fragments f JOIN organizations o ON o.id = f.organization_id
WHERE f.referral_id = %(referral_id)s AND f.resource_type NOT IN ('Patient', 'ServiceRequest') AND

-- said_order: as they came
ORDER BY f.id LIMIT %(limit)s

-- related: the referral that this one follows from, and those that follow from it
SELECT r.id::text AS id, r.state, r.direction, r.state_since AS since, s.name AS sender, d.name AS receiver,
       %(viewer)s IN (r.sender_id, r.receiver_id) AS readable, r.based_on = %(referral_id)s AS follows
FROM referrals r JOIN organizations s ON s.id = r.sender_id JOIN organizations d ON d.id = r.receiver_id
WHERE r.id = %(based_on)s OR (r.patient_id = %(patient_id)s AND r.based_on = %(referral_id)s)
ORDER BY r.requested_at, r.id

-- accepted: whether an organisation's message of this key took effect
SELECT EXISTS (SELECT FROM messages
               WHERE control_id = %(control_id)s AND application = %(application)s
                 AND organization_id = %(organization_id)s AND status = 'accepted')

-- opening: the message of its sender with which a referral began
SELECT m.id::text FROM outbox e JOIN messages m ON m.id = (e.data->>'message_id')::uuid
WHERE e.subject = %(referral_id)s AND e.type LIKE 'referral.%%' AND m.organization_id = %(sender)s
ORDER BY e.id LIMIT 1

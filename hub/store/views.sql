-- referrals: referrals that the viewer sends or receives; conditions of the criteria given follow
SELECT r.id::text AS id, r.version, r.state, r.direction, r.priority,
       s.id AS sender_id, s.code AS sender_code, s.name AS sender_name, s.kind AS sender_kind,
       d.id AS receiver_id, d.code AS receiver_code, d.name AS receiver_name, d.kind AS receiver_kind,
       r.department, r.patient_id::text AS patient_id, r.question, r.reason, r.based_on::text AS based_on,
       r.cancellation_asked, r.details, r.service_request, r.task,
       ARRAY(SELECT ARRAY[i.system, i.value] FROM referral_identifiers i WHERE i.referral_id = r.id
             ORDER BY i.system, i.value) AS identifiers,
       r.requested_at, r.updated_at
FROM referrals r JOIN organizations s ON s.id = r.sender_id JOIN organizations d ON d.id = r.receiver_id
WHERE

-- role_any: the viewer takes part
(r.sender_id = %(viewer)s OR r.receiver_id = %(viewer)s)

-- role_sent: the viewer's own referrals
r.sender_id = %(viewer)s

-- role_received: the viewer's worklist
r.receiver_id = %(viewer)s

-- ids: by the hub's id
r.id = ANY(%(ids)s)

-- id: by one id; how this is planned is kept, for an array it is planned each time
r.id = %(id)s

-- states: by state
r.state = ANY(%(states)s)

-- patient_ids: by patient
r.patient_id = ANY(%(patient_ids)s)

-- based_on: opened from one of these referrals
r.based_on = ANY(%(based_on)s)

-- updated_since: changed then or later
r.updated_at >= %(updated_since)s

-- updated_until: changed before
r.updated_at < %(updated_until)s

-- identifiers: by the referral's own identifiers (system NULL: any), the hub's id among them
(r.id = ANY(%(own_ids)s) OR r.id IN (SELECT i.referral_id
         FROM referral_identifiers i JOIN unnest(%(identifier_systems)s::text[], %(identifier_values)s::text[])
              AS asked(system, value) ON i.value = asked.value AND (asked.system IS NULL OR asked.system = i.system)))

-- patient_identifiers: by numbers of the patient that are valid everywhere or belong to a party of the referral
EXISTS (SELECT FROM patient_identifiers i JOIN unnest(%(patient_systems)s::text[], %(patient_values)s::text[])
               AS asked(system, value) ON i.value = asked.value AND (asked.system IS NULL OR asked.system = i.system)
        WHERE i.patient_id = r.patient_id
          AND (i.organization_id IS NULL OR i.organization_id IN (r.sender_id, r.receiver_id)))

-- after_oldest: the page that follows, oldest change first
(r.updated_at, r.id) > (%(after_time)s, %(after_id)s)

-- after_newest: the page that follows, newest change first
(r.updated_at, r.id) < (%(after_time)s, %(after_id)s)

-- order_oldest: oldest change first
ORDER BY r.updated_at, r.id LIMIT %(limit)s

-- order_newest: newest change first
ORDER BY r.updated_at DESC, r.id DESC LIMIT %(limit)s

-- fragments: fragments that the viewer may see; conditions of what is asked for follow
SELECT f.id::text AS id, f.message_id::text AS message_id, f.patient_id::text AS patient_id, o.code AS organization,
       f.referral_id::text AS referral_id, f.position, f.kind, f.resource_type, f.resource, f.base, f.citations,
       f.received_at, f.recorded_at
FROM fragments f JOIN organizations o ON o.id = f.organization_id
WHERE

-- fragment_visible: what it sent, what its referral's parties gave to it, the whole history once it accepted another's
(f.organization_id = %(viewer)s
 OR EXISTS (SELECT FROM referrals r WHERE r.id = f.referral_id
            AND (r.receiver_id = %(viewer)s OR (r.sender_id = %(viewer)s AND f.organization_id = r.receiver_id)))
 OR EXISTS (SELECT FROM referrals r WHERE r.patient_id = f.patient_id AND r.receiver_id = %(viewer)s
            AND r.sender_id <> r.receiver_id AND r.state = ANY(%(whole)s)))

-- fragment_ids: by id
f.id = ANY(%(ids)s)

-- fragment_patient_ids: by patient
f.patient_id = ANY(%(patient_ids)s)

-- fragment_patient_id: by one patient
f.patient_id = %(patient_id)s

-- fragment_referral_ids: by the referral that they came with
f.referral_id = ANY(%(referral_ids)s)

-- fragment_message_ids: by the message that they came in
f.message_id = ANY(%(message_ids)s)

-- fragment_types: by resource type
f.resource_type = ANY(%(types)s)

-- fragment_identifier: by an identifier of the resource
EXISTS (SELECT FROM jsonb_path_query(f.resource::jsonb, '$.identifier[*]') i
        WHERE coalesce(i ->> 'system', '') = %(system)s AND i ->> 'value' = %(value)s)

-- fragment_after: the page that follows
f.id < %(after)s

-- fragment_order: newest first
ORDER BY f.id DESC LIMIT %(limit)s

-- patients: patients that the viewer may see: it takes part in a referral of them, or sent something of them
SELECT p.id::text AS id, p.name, p.gender, p.birth_date, p.updated_at, party.takes_part,
       ARRAY(SELECT DISTINCT ARRAY[i.system, i.value, (
                 i.organization_id IS NOT DISTINCT FROM %(viewer)s OR i.organization_id IS NULL AND party.takes_part
                 OR i.organization_id IN (SELECT r.sender_id FROM referrals r
                                          WHERE r.patient_id = p.id AND r.receiver_id = %(viewer)s))::text, coalesce(o.name, ''),
                 coalesce(i.type, '')]
             FROM patient_identifiers i LEFT JOIN organizations o ON o.id = i.organization_id
             WHERE i.patient_id = p.id ORDER BY 1) AS identifiers
FROM patients p,
     LATERAL (SELECT EXISTS (SELECT FROM referrals r WHERE r.patient_id = p.id
                             AND (r.receiver_id = %(viewer)s OR r.sender_id = %(viewer)s)) AS takes_part) party
WHERE (party.takes_part OR EXISTS (SELECT FROM fragments f
                                   WHERE f.patient_id = p.id AND f.organization_id = %(viewer)s)) AND

-- patients_all: no further condition
true

-- patients_ids: by id
p.id = ANY(%(ids)s)

-- patients_id: by one id
p.id = %(id)s

-- patients_identifiers: by a number that is valid everywhere, its own, or of who refers the patient to it
p.id IN (SELECT i.patient_id
         FROM patient_identifiers i JOIN unnest(%(identifier_systems)s::text[], %(identifier_values)s::text[])
              AS asked(system, value) ON i.value = asked.value AND (asked.system IS NULL OR asked.system = i.system)
         WHERE i.organization_id IS NULL OR i.organization_id = %(viewer)s
            OR i.organization_id IN (SELECT r.sender_id FROM referrals r
                                     WHERE r.patient_id = i.patient_id AND r.receiver_id = %(viewer)s))

-- patients_after: the page that follows
p.id < %(after)s

-- patients_order: newest first
ORDER BY p.id DESC LIMIT %(limit)s

-- merged_into: who a patient is since merges that stand, and since those of whom that is, with the time of each merge
WITH RECURSIVE standing AS (
    SELECT prior_id, surviving_id, merged_at FROM merges WHERE undone_at IS NULL AND scope IN ('patient', 'identifier')
), chain AS (
    SELECT surviving_id, merged_at FROM standing WHERE prior_id = %(id)s
    UNION
    SELECT s.surviving_id, s.merged_at FROM chain c JOIN standing s ON s.prior_id = c.surviving_id
)
SELECT surviving_id::text, merged_at FROM chain ORDER BY merged_at DESC

-- record: the newest record of a referral, of the whole history or of what came with it
SELECT id::text AS id, version, whole, record::text AS document, sha256, generated_at FROM records
WHERE referral_id = %(referral_id)s AND whole = %(whole)s
ORDER BY generated_at DESC, id DESC LIMIT 1

-- record_by_id: one record of a referral; that of the whole history only where it may be read
SELECT id::text AS id, version, whole, record::text AS document, sha256, generated_at FROM records
WHERE id = %(id)s AND referral_id = %(referral_id)s AND (%(whole)s OR NOT whole)

-- record_heading: the newest record without its text
SELECT id::text AS id, version, whole, sha256, generated_at FROM records
WHERE referral_id = %(referral_id)s AND whole = %(whole)s
ORDER BY generated_at DESC, id DESC LIMIT 1

-- record_document: the text of a record
SELECT record::text FROM records WHERE id = %(id)s

-- cited_messages: messages as received, and what they brought of a patient
SELECT m.id::text AS id, m.received_at, o.name AS organization, m.channel, m.format, m.type, m.control_id,
       coalesce(nullif(m.charset, ''), o.charset) AS charset, m.raw,
       EXISTS (SELECT FROM fragments f WHERE f.message_id = m.id AND f.patient_id <> %(patient_id)s) AS strangers
FROM messages m LEFT JOIN organizations o ON o.id = m.organization_id
WHERE m.id = ANY(%(ids)s) ORDER BY m.received_at, m.id

-- message_names: how messages are called
SELECT id::text, type, control_id FROM messages WHERE id = ANY(%(ids)s)

-- messages: messages in order of arrival; conditions of what is asked for follow
SELECT m.id::text AS id, m.received_at, o.code AS organization, m.channel, m.format, m.type, m.control_id, m.status,
       m.referral_id::text AS referral_id, m.error
FROM messages m LEFT JOIN organizations o ON o.id = m.organization_id
WHERE

-- messages_all: every message
true

-- messages_ids: by id
m.id = ANY(%(ids)s)

-- messages_organization: by sender, without regard to case
lower(o.code) = lower(%(organization)s)

-- messages_status: by processing state
m.status = %(status)s

-- messages_type: by type
m.type = %(type)s

-- messages_control_id: by control id
m.control_id = %(control_id)s

-- messages_since: received then or later
m.received_at >= %(since)s

-- messages_after: the page that follows
m.id > %(after)s

-- messages_order: oldest first
ORDER BY m.id LIMIT %(limit)s

-- message: all of one message
SELECT m.id::text AS id, m.received_at, m.processed_at, o.code AS organization, m.channel, m.format, m.type,
       m.version, coalesce(nullif(m.charset, ''), o.charset, '') AS charset, m.application, m.facility, m.control_id, m.status, m.code,
       m.patient_id::text AS patient_id, m.referral_id::text AS referral_id, m.error, m.raw, m.acknowledgement,
       m.application_acknowledgement, m.bundle, m.ledger
FROM messages m LEFT JOIN organizations o ON o.id = m.organization_id WHERE m.id = %(id)s

-- figures_messages: messages by status
SELECT status, count(*) FROM messages GROUP BY status

-- figures_referrals: referrals by state
SELECT state, count(*) FROM referrals GROUP BY state

-- figures_outbox: events that wait for publication, and the seconds that the oldest has waited
SELECT count(*), coalesce(extract(epoch FROM now() - min(occurred_at)), 0)::float8 FROM outbox WHERE published_at IS NULL

-- figures_dead_letters: events that wait for replay, by consumer
SELECT consumer, count(*) FROM dead_letters WHERE replayed_at IS NULL GROUP BY consumer

-- figures_records: records stored
SELECT count(*) FROM records

-- claim_keys: claims control ids in the order of their digests; a concurrent claim of the same one is waited for
INSERT INTO accepted_keys (key, sha256, message_id)
SELECT key, sha256, message_id::uuid
  FROM unnest(%(key)b::bytea[], %(sha256)b::bytea[], %(message_id)b::text[]) AS n (key, sha256, message_id)
 ORDER BY key
    ON CONFLICT DO NOTHING
RETURNING key

-- known_keys: the messages that hold these keys, and what they were answered (replayed: at last)
SELECT k.key, k.sha256, k.message_id::text, m.status,
       CASE WHEN m.code !~ '^(.[ER]|[45]..)$' THEN m.acknowledgement END, m.application_acknowledgement,
       r.id::text, r.version, r.state,
       (SELECT json_agg(json_build_array(i.system, i.value) ORDER BY i.system, i.value)
          FROM referral_identifiers i WHERE i.referral_id = r.id)
  FROM accepted_keys k
  JOIN messages m ON m.id = k.message_id
  LEFT JOIN referrals r ON r.id = m.referral_id
 WHERE k.key = ANY (%(key)b::bytea[])

-- release_keys: gives back the keys of messages that were refused, so that they may be corrected and sent again
DELETE FROM accepted_keys k
 USING unnest(%(key)b::bytea[], %(message_id)b::text[]) AS n (key, message_id)
 WHERE k.key = n.key AND k.message_id = n.message_id::uuid

-- hand_over_keys: another message of the same transaction takes a key over from one that was refused
UPDATE accepted_keys k SET sha256 = n.sha256, message_id = n.message_id::uuid
  FROM unnest(%(key)b::bytea[], %(sha256)b::bytea[], %(message_id)b::text[]) AS n (key, sha256, message_id)
 WHERE k.key = n.key

-- purge_keys: forgets control ids that were accepted before
DELETE FROM accepted_keys WHERE accepted_at < %(before)s

-- find_referrals: referrals by identifiers that they carry and by their own ids
SELECT i.organization_id, i.system, i.value, r.id::text, r.patient_id::text
  FROM unnest(%(system)b::text[], %(value)b::text[]) AS w (system, value)
  JOIN referral_identifiers i ON i.value = w.value AND i.system = w.system
  JOIN referrals r ON r.id = i.referral_id
UNION ALL
SELECT 0, '', '', r.id::text, r.patient_id::text
  FROM unnest(%(id)b::text[]) AS w (id) JOIN referrals r ON r.id = w.id::uuid

-- lock_referrals: referrals by id, locked in the order of their ids, with their identifiers
SELECT r.id::text, r.version, r.state, r.direction, r.priority, r.sender_id, r.receiver_id, r.department,
       r.patient_id::text, r.question, r.reason, r.based_on::text, r.cancellation_asked, r.details,
       r.service_request, r.task, r.requested_at,
       (SELECT json_agg(json_build_array(i.system, i.value) ORDER BY i.system, i.value)
          FROM referral_identifiers i WHERE i.referral_id = r.id)
  FROM referrals r
 WHERE r.id IN (SELECT id::uuid FROM unnest(%(id)b::text[]) AS w (id))
 ORDER BY r.id
   FOR NO KEY UPDATE OF r

-- insert_referrals: new referrals
INSERT INTO referrals (id, version, state, direction, priority, sender_id, receiver_id, department, patient_id,
                       question, reason, based_on, cancellation_asked, details, service_request, task,
                       requested_at, updated_at, state_since)
SELECT id::uuid, version, state, direction, priority, sender_id, receiver_id, nullif(department, ''),
       patient_id::uuid, nullif(question, ''), nullif(reason, ''), nullif(based_on, '')::uuid, cancellation_asked,
       details::json, service_request::json, task::json, requested_at, updated_at, updated_at
  FROM unnest(%(id)b::text[], %(version)b::int4[], %(state)b::text[], %(direction)b::text[], %(priority)b::text[],
              %(sender_id)b::int4[], %(receiver_id)b::int4[], %(department)b::text[], %(patient_id)b::text[],
              %(question)b::text[], %(reason)b::text[], %(based_on)b::text[], %(cancellation_asked)b::bool[],
              %(details)b::text[], %(service_request)b::text[], %(task)b::text[],
              %(requested_at)b::timestamptz[], %(updated_at)b::timestamptz[])
       AS n (id, version, state, direction, priority, sender_id, receiver_id, department, patient_id, question,
             reason, based_on, cancellation_asked, details, service_request, task, requested_at, updated_at)

-- update_referrals: referrals that changed
UPDATE referrals r
   SET version = n.version, state = n.state, priority = n.priority, department = nullif(n.department, ''),
       question = nullif(n.question, ''), reason = nullif(n.reason, ''), cancellation_asked = n.cancellation_asked,
       details = n.details::json, service_request = n.service_request::json, task = n.task::json,
       updated_at = n.updated_at,
       state_since = CASE WHEN r.state = n.state THEN r.state_since ELSE n.updated_at END
  FROM unnest(%(id)b::text[], %(version)b::int4[], %(state)b::text[], %(priority)b::text[], %(department)b::text[],
              %(question)b::text[], %(reason)b::text[], %(cancellation_asked)b::bool[], %(details)b::text[],
              %(service_request)b::text[], %(task)b::text[], %(updated_at)b::timestamptz[])
       AS n (id, version, state, priority, department, question, reason, cancellation_asked, details,
             service_request, task, updated_at)
 WHERE r.id = n.id::uuid

-- insert_referral_identifiers: the names under which a sender knows its referrals
INSERT INTO referral_identifiers (referral_id, organization_id, system, value)
SELECT referral_id::uuid, organization_id, system, value
  FROM unnest(%(referral_id)b::text[], %(organization_id)b::int4[], %(system)b::text[], %(value)b::text[])
       AS n (referral_id, organization_id, system, value)

-- insert_messages: messages as received with what became of them; what HL7 v2 became waits to be counted
WITH kept AS (
INSERT INTO messages (id, received_at, organization_id, channel, format, type, version, charset, application, facility,
                      control_id, status, raw, sha256, code, acknowledgement, error, bundle, ledger,
                      patient_id, referral_id, processed_at)
SELECT id::uuid, received_at, nullif(organization_id, 0), channel, format, type, version, charset, application,
       facility, control_id, status, raw, sha256, nullif(code, ''), nullif(acknowledgement, ''),
       nullif(error, '')::json, nullif(bundle, '')::json, nullif(ledger, '')::json, nullif(patient_id, '')::uuid,
       nullif(referral_id, '')::uuid, CASE WHEN status <> 'stored' THEN now() END
  FROM unnest(%(id)b::text[], %(received_at)b::timestamptz[], %(organization_id)b::int4[], %(channel)b::text[],
              %(format)b::text[], %(type)b::text[], %(version)b::text[], %(charset)b::text[],
              %(application)b::text[], %(facility)b::text[], %(control_id)b::text[], %(status)b::text[],
              %(raw)b::bytea[], %(sha256)b::bytea[], %(code)b::text[], %(acknowledgement)b::bytea[],
              %(error)b::text[], %(bundle)b::text[], %(ledger)b::text[], %(patient_id)b::text[],
              %(referral_id)b::text[])
       AS n (id, received_at, organization_id, channel, format, type, version, charset, application, facility,
             control_id, status, raw, sha256, code, acknowledgement, error, bundle, ledger, patient_id, referral_id)
RETURNING id, format, status)
INSERT INTO ledgers_waiting SELECT id FROM kept WHERE format = 'hl7v2' AND status IN ('accepted', 'rejected')

-- settle_messages: what became of messages that were stored before (enhanced mode, replay); the first answer stays
WITH settled AS (
UPDATE messages m
   SET status = n.status, error = nullif(n.error, '')::json, bundle = nullif(n.bundle, '')::json,
       ledger = nullif(n.ledger, '')::json, patient_id = nullif(n.patient_id, '')::uuid,
       referral_id = nullif(n.referral_id, '')::uuid, application_acknowledgement = n.acknowledgement,
       charset = coalesce(nullif(n.charset, ''), m.charset),
       organization_id = coalesce(m.organization_id, nullif(n.organization_id, 0)), processed_at = now()
  FROM unnest(%(id)b::text[], %(status)b::text[], %(acknowledgement)b::bytea[], %(error)b::text[],
              %(bundle)b::text[], %(ledger)b::text[], %(patient_id)b::text[], %(referral_id)b::text[],
              %(organization_id)b::int4[], %(charset)b::text[])
       AS n (id, status, acknowledgement, error, bundle, ledger, patient_id, referral_id, organization_id, charset)
 WHERE m.id = n.id::uuid
RETURNING m.id, m.format, m.status)
INSERT INTO ledgers_waiting SELECT id FROM settled WHERE format = 'hl7v2' AND status IN ('accepted', 'rejected')
    ON CONFLICT DO NOTHING

-- insert_fragments: resources of messages, each with its place
INSERT INTO fragments (id, message_id, patient_id, organization_id, referral_id, position, kind, resource_type,
                       resource, base, citations, received_at, recorded_at)
SELECT id::uuid, message_id::uuid, patient_id::uuid, organization_id, nullif(referral_id, '')::uuid, position, kind,
       resource_type, resource::json, base, nullif(citations, '')::json, received_at,
       nullif(recorded_at, '')::timestamptz
  FROM unnest(%(id)b::text[], %(message_id)b::text[], %(patient_id)b::text[], %(organization_id)b::int4[],
              %(referral_id)b::text[], %(position)b::int4[], %(kind)b::text[], %(resource_type)b::text[],
              %(resource)b::text[], %(base)b::text[], %(citations)b::text[], %(received_at)b::timestamptz[],
              %(recorded_at)b::text[])
       AS n (id, message_id, patient_id, organization_id, referral_id, position, kind, resource_type, resource, base,
             citations, received_at, recorded_at)

-- insert_outbox: events, in the order in which they happened
INSERT INTO outbox (event_id, type, subject, organizations, occurred_at, data)
SELECT event_id::uuid, type, subject::uuid, organizations::int4[], occurred_at, data::json
  FROM unnest(%(event_id)b::text[], %(type)b::text[], %(subject)b::text[], %(organizations)b::text[],
              %(occurred_at)b::timestamptz[], %(data)b::text[])
       WITH ORDINALITY AS n (event_id, type, subject, organizations, occurred_at, data, position)
 ORDER BY position

-- wake_relay: tells the relay that there is something to publish
SELECT pg_notify('referral_hub_outbox', '')

-- waiting_messages: messages that are stored but not yet normalised, oldest first
SELECT id::text, received_at, organization_id, channel, format, type, control_id, application, raw, status
  FROM messages
 WHERE status = 'stored'
 ORDER BY id
 LIMIT %(limit)s

-- kept_message: one message as it was received, locked for a replay
SELECT id::text, received_at, organization_id, channel, format, type, control_id, application, raw, status
  FROM messages
 WHERE id = %(id)s::uuid
   FOR UPDATE

-- park_message: a stored message that cannot even be answered waits for a replay
UPDATE messages SET status = 'parked', error = %(error)s::json, processed_at = now() WHERE id = %(id)s::uuid

-- application_acknowledgements: what followed the first answer of these messages, where it is there
SELECT id::text, application_acknowledgement
  FROM messages
 WHERE id = ANY (%(ids)s::uuid[]) AND application_acknowledgement IS NOT NULL

-- lead: whether this session is the one that finishes stored messages
SELECT pg_try_advisory_lock(%(space)s::int4, 1)

-- referral: what a record is made for
SELECT r.version, r.state, r.patient_id::text AS patient_id, r.question, r.receiver_id,
       receiver.code AS receiver, sender.code AS sender, receiver.timezone
FROM referrals r JOIN organizations receiver ON receiver.id = r.receiver_id
JOIN organizations sender ON sender.id = r.sender_id
WHERE r.id = %s

-- requests: the ServiceRequests of a patient's referrals, as they are now
SELECT id::text, service_request FROM referrals WHERE patient_id = %s

-- hold: the referral's version, its row held until the transaction ends
SELECT version FROM referrals WHERE id = %s FOR NO KEY UPDATE

-- concerned: referrals whose record a patient's new fragments may stand in
SELECT id::text FROM referrals WHERE patient_id = %s AND (state = ANY(%s) OR id = %s::uuid)

-- of_patients: referrals of these patients in these states
SELECT id::text FROM referrals WHERE patient_id = ANY(%s::uuid[]) AND state = ANY(%s) ORDER BY id

-- patient_identifier: one by which the patient is known, those valid everywhere first
SELECT system, value FROM patient_identifiers WHERE patient_id = %s
ORDER BY organization_id NULLS FIRST, system, value LIMIT 1

-- fragments: of a patient, or only those that came with a referral, with the Patient resource of the same message
SELECT f.id::text AS id, f.message_id::text AS message_id, f.referral_id::text AS referral_id,
       coalesce((SELECT p.id::text FROM fragments p WHERE p.message_id = f.message_id
                 AND p.patient_id = f.patient_id AND p.resource_type = 'Patient' ORDER BY p.position LIMIT 1), '')
           AS patient,
       o.name AS organization, f.received_at, f.recorded_at, f.kind, f.resource, f.base, f.citations
FROM fragments f JOIN organizations o ON o.id = f.organization_id
WHERE f.patient_id = %(patient_id)s AND (%(whole)s OR f.referral_id = %(referral_id)s)
ORDER BY f.received_at, f.message_id, f.position

-- newest: the record that a referral has
SELECT version, whole, sha256, record->>'generated_at', record->>'as_of' FROM records
WHERE referral_id = %s ORDER BY generated_at DESC, id DESC LIMIT 1

-- store: a record
INSERT INTO records (id, referral_id, version, whole, record, sha256, generated_at) VALUES (%s, %s, %s, %s, %s, %s, %s)

-- remembered: stored vectors
SELECT sha256, vector FROM embeddings WHERE model = %s AND sha256 = ANY(%s)

-- remember: new vectors
INSERT INTO embeddings (model, sha256, vector) SELECT %s, * FROM unnest(%s::bytea[], %s::bytea[]) ORDER BY 2
ON CONFLICT DO NOTHING

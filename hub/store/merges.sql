-- names_of: all numbers of the patients that carry one of these, owner 0 where valid everywhere
SELECT DISTINCT coalesce(i.organization_id, 0), i.system, i.value
  FROM patient_identifiers i
 WHERE i.patient_id IN (
       SELECT h.patient_id
         FROM unnest(%(organization)b::int4[], %(system)b::text[], %(value)b::text[]) AS w (organization_id, system, value)
         JOIN patient_identifiers h ON h.system = w.system AND h.value = w.value
          AND h.organization_id IS NOT DISTINCT FROM nullif(w.organization_id, 0))

-- standing: what an organisation merged into the patients that carry one of these numbers, and has not undone
SELECT m.id::text, m.scope, m.prior_id::text, m.surviving_id::text, m.names, m.fragments::text[], m.referrals::text[], m.filled
  FROM merges m
 WHERE m.undone_at IS NULL AND m.organization_id = %(sender)s AND m.surviving_id IN (
       SELECT h.patient_id
         FROM unnest(%(organization)b::int4[], %(system)b::text[], %(value)b::text[]) AS w (organization_id, system, value)
         JOIN patient_identifiers h ON h.system = w.system AND h.value = w.value
          AND h.organization_id IS NOT DISTINCT FROM nullif(w.organization_id, 0))
 ORDER BY m.id

-- referrals_of: of these patients
SELECT id::text FROM referrals WHERE patient_id = ANY (%(patients)s::uuid[])

-- fragments_of: of a patient; of one told by several, what an organisation told outside of the others' referrals
SELECT f.id::text FROM fragments f
 WHERE f.patient_id = %(patient)s AND (%(whole)s OR f.organization_id = %(organization)s AND (f.referral_id IS NULL
       OR f.referral_id IN (SELECT r.id FROM referrals r WHERE r.patient_id = %(patient)s AND r.sender_id = %(organization)s)))

-- referrals_to_move: of a patient; of one told by several, those that an organisation sent
SELECT r.id::text FROM referrals r WHERE r.patient_id = %(patient)s AND (%(whole)s OR r.sender_id = %(organization)s)

-- told: the Patients and Encounters that an organisation told of a patient since then, with their fullUrl
SELECT f.id::text, f.message_id::text, f.resource_type, f.resource,
       CASE WHEN f.base ~ '^/entry/[0-9]+/resource$'
            THEN m.bundle->'entry'->split_part(f.base, '/', 3)::integer->>'fullUrl' END
  FROM fragments f JOIN messages m ON m.id = f.message_id
 WHERE f.patient_id = %(patient)s AND f.organization_id = %(organization)s AND f.received_at >= %(since)s
   AND f.resource_type IN ('Patient', 'Encounter')

-- of_messages: what some messages told of a patient
SELECT f.id::text, f.message_id::text, coalesce(f.referral_id::text, ''), f.resource_type, f.resource
  FROM fragments f WHERE f.message_id = ANY (%(messages)s::uuid[]) AND f.patient_id = %(patient)s

-- move: fragments, referrals and numbers of one patient become another's, and the messages that are about them
WITH moved AS (
    UPDATE fragments SET patient_id = %(target)s
     WHERE id = ANY (%(fragments)s::uuid[]) AND patient_id = %(source)s
    RETURNING message_id, resource_type
), referred AS (
    UPDATE referrals SET patient_id = %(target)s WHERE id = ANY (%(referrals)s::uuid[]) AND patient_id = %(source)s
), told AS (
    UPDATE messages SET patient_id = %(target)s
     WHERE id IN (SELECT message_id FROM moved WHERE resource_type = 'Patient') AND patient_id = %(source)s
), given AS (
    SELECT nullif((n->>0)::integer, 0) AS organization_id, n->>1 AS system, n->>2 AS value, (n->>3)::boolean AS declared
      FROM json_array_elements(%(names)s::json) n
), gone AS (
    DELETE FROM patient_identifiers i USING given g
     WHERE i.patient_id = %(source)s AND i.system = g.system AND i.value = g.value
       AND i.organization_id IS NOT DISTINCT FROM g.organization_id
    RETURNING i.organization_id, i.system, i.value, i.type
)
INSERT INTO patient_identifiers (patient_id, organization_id, system, value, declared, type)
SELECT %(target)s, g.organization_id, g.system, g.value, g.declared, o.type
  FROM given g LEFT JOIN gone o ON o.system = g.system AND o.value = g.value
       AND o.organization_id IS NOT DISTINCT FROM g.organization_id
    ON CONFLICT (system, value, organization_id, patient_id) DO UPDATE SET type = excluded.type
 WHERE patient_identifiers.type IS NULL AND excluded.type IS NOT NULL

-- note: what was moved on whose word
INSERT INTO merges (id, scope, organization_id, message_id, prior_id, surviving_id, names, fragments, referrals, filled)
VALUES (%(id)s, %(scope)s, %(organization)s, %(message_id)s, %(source)s, %(target)s, %(names)s::json,
        %(fragments)s::uuid[], %(referrals)s::uuid[], %(filled)s)

-- fill: what is not known of a patient is taken from another who is the same one; which elements were
UPDATE patients t
   SET name = coalesce(t.name, s.name), gender = coalesce(t.gender, s.gender),
       birth_date = coalesce(t.birth_date, s.birth_date), updated_at = now(),
       resource = t.resource || coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(s.resource)
                                           WHERE key = ANY (f.elements)), '{}')
  FROM patients s, LATERAL (
       SELECT array_remove(ARRAY[CASE WHEN o.name IS NULL AND s.name IS NOT NULL THEN 'name' END,
                                 CASE WHEN o.gender IS NULL AND s.gender IS NOT NULL THEN 'gender' END,
                                 CASE WHEN o.birth_date IS NULL AND s.birth_date IS NOT NULL THEN 'birthDate' END],
                           NULL) AS elements
         FROM patients o WHERE o.id = %(target)s) f
 WHERE t.id = %(target)s AND s.id = %(source)s
RETURNING f.elements

-- empty: what was filled is unknown again
UPDATE patients
   SET name = CASE WHEN 'name' = ANY (%(filled)s) THEN NULL ELSE name END,
       gender = CASE WHEN 'gender' = ANY (%(filled)s) THEN NULL ELSE gender END,
       birth_date = CASE WHEN 'birthDate' = ANY (%(filled)s) THEN NULL ELSE birth_date END,
       resource = resource - %(filled)s::text[], updated_at = now()
 WHERE id = %(patient)s

-- found_by: a patient is found by another's names too
INSERT INTO patient_keys (patient_id, key) SELECT %(target)s, key FROM patient_keys WHERE patient_id = %(source)s
    ON CONFLICT DO NOTHING

-- not_found_by: by these no longer
DELETE FROM patient_keys WHERE patient_id = %(patient)s AND key = ANY (%(keys)s)

-- keys_of: by what a patient is found, and the name
SELECT name, ARRAY(SELECT key FROM patient_keys k WHERE k.patient_id = p.id) FROM patients p WHERE id = %(patient)s

-- undone: a merge no longer stands; since when it stood, nothing where another took it back meanwhile
UPDATE merges SET undone_at = now() WHERE id = %(id)s AND undone_at IS NULL RETURNING merged_at

-- list: merges, the newest first; ids alone, no patient data
SELECT m.id::text AS id, m.merged_at, m.undone_at, o.code AS organization, m.scope, m.message_id::text AS message_id,
       m.surviving_id::text AS patient_id, m.prior_id::text AS prior_patient_id, cardinality(m.fragments) AS fragments,
       cardinality(m.referrals) AS referrals
  FROM merges m JOIN organizations o ON o.id = m.organization_id
 WHERE %(organization)s::text IS NULL OR lower(o.code) = lower(%(organization)s)
 ORDER BY m.id DESC LIMIT %(limit)s

-- one: a merge that stands, and whether its surviving patient was merged into another one since
SELECT m.id::text, m.scope, m.prior_id::text, m.surviving_id::text, m.names, m.fragments::text[], m.referrals::text[],
       m.filled, o.id, o.code, m.message_id::text,
       EXISTS (SELECT FROM merges n WHERE n.prior_id = m.surviving_id AND n.undone_at IS NULL AND n.id > m.id
               AND n.scope IN ('patient', 'identifier'))
  FROM merges m JOIN organizations o ON o.id = m.organization_id
 WHERE m.id = %(id)s AND m.undone_at IS NULL

-- parties: who takes part in a referral of one of the patients
SELECT DISTINCT party FROM referrals r, unnest(ARRAY[r.sender_id, r.receiver_id]) AS party
 WHERE r.patient_id = ANY (%(patients)s::uuid[]) ORDER BY party

-- lock_names: takes the locks of identifiers in the order given, so that two writers of one name wait for each other
SELECT pg_advisory_xact_lock(%(space)s::int4, name) FROM unnest(%(names)b::int4[]) AS n (name)

-- lock_patients: patients that carry one of the identifiers, or are named by id, with all their identifiers; oldest first
SELECT p.id::text, p.name, p.gender, p.birth_date,
       (SELECT json_agg(json_build_array(coalesce(i.organization_id, 0), i.system, i.value, i.declared, i.type IS NULL))
          FROM patient_identifiers i WHERE i.patient_id = p.id)
  FROM patients p
 WHERE p.id IN (
       SELECT i.patient_id
         FROM unnest(%(organization)b::int4[], %(system)b::text[], %(value)b::text[]) AS w (organization_id, system, value)
         JOIN patient_identifiers i ON i.system = w.system AND i.value = w.value
          AND i.organization_id IS NOT DISTINCT FROM nullif(w.organization_id, 0)
       UNION ALL
       SELECT id::uuid FROM unnest(%(id)b::text[]) AS w (id))
 ORDER BY p.id
   FOR NO KEY UPDATE OF p

-- insert_patients: new patients
INSERT INTO patients (id, name, gender, birth_date, resource)
SELECT id::uuid, nullif(name, ''), nullif(gender, ''), nullif(birth_date, ''), resource::jsonb
  FROM unnest(%(id)b::text[], %(name)b::text[], %(gender)b::text[], %(birth_date)b::text[], %(resource)b::text[])
       AS n (id, name, gender, birth_date, resource)

-- complete_patients: what was not known of a patient is filled in, what was known stays
UPDATE patients p
   SET name = coalesce(p.name, nullif(n.name, '')), gender = coalesce(p.gender, nullif(n.gender, '')),
       birth_date = coalesce(p.birth_date, nullif(n.birth_date, '')), resource = n.resource::jsonb || p.resource,
       updated_at = now()
  FROM unnest(%(id)b::text[], %(name)b::text[], %(gender)b::text[], %(birth_date)b::text[], %(resource)b::text[])
       AS n (id, name, gender, birth_date, resource)
 WHERE p.id = n.id::uuid

-- insert_patient_identifiers: further numbers of patients, and types of numbers that were told without one
INSERT INTO patient_identifiers (patient_id, organization_id, system, value, type)
SELECT patient_id::uuid, nullif(organization_id, 0), system, value, max(nullif(type, ''))
  FROM unnest(%(patient)b::text[], %(organization)b::int4[], %(system)b::text[], %(value)b::text[], %(type)b::text[])
       AS n (patient_id, organization_id, system, value, type)
 GROUP BY 1, 2, 3, 4
    ON CONFLICT (system, value, organization_id, patient_id) DO UPDATE SET type = excluded.type
 WHERE patient_identifiers.type IS NULL AND excluded.type IS NOT NULL

-- declare_patient_identifiers: numbers of which their owner says that they are these patients'
INSERT INTO patient_identifiers (patient_id, organization_id, system, value, declared)
SELECT DISTINCT patient_id::uuid, organization_id, system, value, true
  FROM unnest(%(patient)b::text[], %(organization)b::int4[], %(system)b::text[], %(value)b::text[])
       AS n (patient_id, organization_id, system, value)
    ON CONFLICT (system, value, organization_id, patient_id) DO UPDATE SET declared = true

-- insert_patient_keys: by what a patient's name is found
INSERT INTO patient_keys (patient_id, key)
SELECT patient_id::uuid, key FROM unnest(%(patient)b::text[], %(key)b::text[]) AS n (patient_id, key)
    ON CONFLICT DO NOTHING

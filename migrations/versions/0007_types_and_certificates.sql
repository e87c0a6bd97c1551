-- Migration 0007: types of patients' numbers, the hub's own certificates, what merged patients are found and deliveries
-- forgotten by (frozen).

ALTER TABLE patient_identifiers ADD COLUMN type text;
COMMENT ON COLUMN patient_identifiers.type IS 'code of HL7 table 0203, as it was told';

WITH told AS (
    SELECT DISTINCT ON (f.patient_id, f.organization_id, e->>'system', e->>'value')
           f.patient_id, f.organization_id, e->>'system' AS system, btrim(e->>'value') AS value, c->>'code' AS code
    FROM fragments f, json_array_elements(f.resource->'identifier') e, json_array_elements(e->'type'->'coding') c
    WHERE f.resource_type = 'Patient' AND c->>'system' = 'http://terminology.hl7.org/CodeSystem/v2-0203'
    ORDER BY 1, 2, e->>'system', e->>'value', f.id
)
UPDATE patient_identifiers i SET type = t.code
FROM told t
WHERE t.patient_id = i.patient_id AND t.system = i.system AND i.value IN (t.value, upper(t.value))
  AND (i.organization_id IS NULL OR i.organization_id = t.organization_id);

ALTER TABLE destinations ADD COLUMN certificate text;
COMMENT ON COLUMN destinations.certificate IS 'file of the certificate and key by which the hub shows who it is: its path';
COMMENT ON COLUMN destinations.token IS 'where the bearer token is that the hub shows to the receiver (file:PATH); before 0007 the token itself, which only what sends reads';

CREATE INDEX merges_prior ON merges (prior_id) WHERE undone_at IS NULL;
CREATE INDEX deliveries_settled ON deliveries (settled_at) WHERE status IN ('delivered', 'skipped');

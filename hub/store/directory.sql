-- organizations: every organisation with what a message of it needs
SELECT id, code, name, kind, charset, timezone, referral_answer FROM organizations ORDER BY id

-- facilities: MSH-4 values and whose they are
SELECT facility, organization_id FROM facilities ORDER BY facility

-- departments: departments of every organisation
SELECT organization_id, code, name FROM departments ORDER BY organization_id, code

-- organizations: every organisation with what a message of it needs
SELECT o.id, o.code, o.name, o.kind, o.charset, o.timezone, o.referral_answer, p.source
FROM organizations o LEFT JOIN profiles p ON p.organization_id = o.id ORDER BY o.id

-- facilities: MSH-4 values and whose they are
SELECT facility, organization_id FROM facilities ORDER BY facility

-- departments: departments of every organisation
SELECT organization_id, code, name FROM departments ORDER BY organization_id, code

-- of_referral: what may hold files of a referral; what the viewer may see follows
SELECT f.id::text, f.resource FROM fragments f
WHERE f.referral_id = %(referral_id)s AND f.resource_type IN ('DocumentReference', 'DiagnosticReport') AND

-- of_referral_order: as they came
ORDER BY f.id

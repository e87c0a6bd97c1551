-- requirements: what an organisation wants to know in referrals
SELECT text, words, department, mandatory FROM requirements WHERE organization_id = %(organization_id)s ORDER BY id

-- requirements_of: what an organisation wants to know in referrals to a department of it, by the department's code or name
SELECT r.text, r.words, r.department, r.mandatory
FROM requirements r JOIN organizations o ON o.id = r.organization_id
WHERE lower(o.code) = lower(%(receiver)s)
  AND (r.department IS NULL OR r.department = %(department)s
       OR EXISTS (SELECT FROM departments d WHERE d.organization_id = o.id AND r.department IN (d.code, d.name)
                  AND %(department)s IN (d.code, d.name)))
ORDER BY r.id

-- withdraw_requirements: all that an organisation wanted to know
DELETE FROM requirements WHERE organization_id = %(organization_id)s

-- publish_requirement: one thing that an organisation wants to know
INSERT INTO requirements (organization_id, department, text, words, mandatory)
VALUES (%(organization_id)s, %(department)s, %(text)s, %(words)s, %(mandatory)s)

-- authenticate: the organisation that a token belongs to, by its hash; a person's own token is not the organisation's
SELECT o.id, o.code, o.name, o.kind, o.charset, o.timezone, o.referral_answer
FROM tokens t JOIN organizations o ON o.id = t.organization_id
WHERE t.sha256 = %(sha256)s AND t.revoked_at IS NULL AND t.user_id IS NULL

-- issue: a token's hash
INSERT INTO tokens (sha256, organization_id) VALUES (%(sha256)s, %(organization_id)s)

-- revoke: all tokens of an organisation; its people's own stay
UPDATE tokens SET revoked_at = clock_timestamp()
WHERE organization_id = %(organization_id)s AND user_id IS NULL AND revoked_at IS NULL

-- by_code: an organisation by its code, without regard to case
SELECT id, code, name, kind, charset, timezone, referral_answer FROM organizations WHERE lower(code) = lower(%(code)s)

-- add_organization: a new one
INSERT INTO organizations (code, name, kind, charset, timezone, referral_answer)
VALUES (%(code)s, %(name)s, %(kind)s, %(charset)s, %(timezone)s, %(referral_answer)s) RETURNING id

-- edit_organization: what may change of one
UPDATE organizations SET name = %(name)s, charset = %(charset)s, timezone = %(timezone)s,
    referral_answer = %(referral_answer)s
WHERE id = %(id)s

-- remove_facilities: all names under which an organisation sends
DELETE FROM facilities WHERE organization_id = %(organization_id)s

-- remove_departments: all parts of an organisation
DELETE FROM departments WHERE organization_id = %(organization_id)s

-- add_facility: a name under which an organisation sends
INSERT INTO facilities (facility, organization_id) VALUES (%(facility)s, %(organization_id)s)

-- add_department: a part of an organisation
INSERT INTO departments (organization_id, code, name) VALUES (%(organization_id)s, %(code)s, %(name)s)

-- taken_facilities: those of these names that are registered, and to whom
SELECT f.facility, o.code FROM facilities f JOIN organizations o ON o.id = f.organization_id
WHERE f.facility = ANY(%(facilities)s) ORDER BY f.facility

-- organizations: all, with what is registered of them
SELECT o.code, o.name, o.kind, o.charset, o.timezone, o.referral_answer, o.created_at,
       ARRAY(SELECT f.facility FROM facilities f WHERE f.organization_id = o.id ORDER BY f.facility) AS facilities,
       (SELECT coalesce(json_object_agg(d.code, d.name ORDER BY d.code), '{}') FROM departments d
        WHERE d.organization_id = o.id) AS departments
FROM organizations o ORDER BY lower(o.code)

-- organization: one, with what is registered of it
SELECT o.code, o.name, o.kind, o.charset, o.timezone, o.referral_answer, o.created_at,
       ARRAY(SELECT f.facility FROM facilities f WHERE f.organization_id = o.id ORDER BY f.facility) AS facilities,
       (SELECT coalesce(json_object_agg(d.code, d.name ORDER BY d.code), '{}') FROM departments d
        WHERE d.organization_id = o.id) AS departments
FROM organizations o WHERE lower(o.code) = lower(%(code)s)

-- write_audit: who did, or tried, what
INSERT INTO audit (organization_id, actor, action, object_type, object_id, allowed)
VALUES (%(organization_id)s, %(actor)s, %(action)s, %(object_type)s, %(object_id)s, %(allowed)s)

-- write_audit_soon: the same, in a transaction whose commit does not wait for the disk
INSERT INTO audit (organization_id, actor, action, object_type, object_id, allowed)
SELECT %(organization_id)s, %(actor)s, %(action)s, %(object_type)s, %(object_id)s, %(allowed)s
FROM set_config('synchronous_commit', 'off', true)

-- audit_of_object: who did, or tried, what to it, oldest first
SELECT a.at, o.code AS organization, a.actor, a.action, a.object_type, a.object_id, a.allowed
FROM audit a LEFT JOIN organizations o ON o.id = a.organization_id
WHERE a.object_type = %(object_type)s AND a.object_id = %(object_id)s ORDER BY a.id

-- set_profile: instead of the one that a sender had
INSERT INTO profiles (organization_id, source, changed_by) VALUES (%(organization_id)s, %(source)s, %(actor)s)
ON CONFLICT (organization_id) DO UPDATE SET source = excluded.source, changed_by = excluded.changed_by, changed_at = now()

-- remove_profile: the sender's, where it had one
DELETE FROM profiles WHERE organization_id = %(organization_id)s RETURNING organization_id

-- profile: the sender's
SELECT source, changed_at, changed_by FROM profiles WHERE organization_id = %(organization_id)s

-- profiles: whose there are
SELECT o.code AS organization, p.changed_at, p.changed_by
FROM profiles p JOIN organizations o ON o.id = p.organization_id ORDER BY lower(o.code)

-- authenticate: the organisation that a token belongs to, by its hash
SELECT o.id, o.code, o.name, o.kind, o.charset, o.timezone, o.referral_answer
FROM tokens t JOIN organizations o ON o.id = t.organization_id
WHERE t.sha256 = %(sha256)s AND t.revoked_at IS NULL

-- issue: a token's hash
INSERT INTO tokens (sha256, organization_id) VALUES (%(sha256)s, %(organization_id)s)

-- revoke: all tokens of an organisation
UPDATE tokens SET revoked_at = clock_timestamp() WHERE organization_id = %(organization_id)s AND revoked_at IS NULL

-- by_code: an organisation by its code, without regard to case
SELECT id, code, name, kind, charset, timezone, referral_answer FROM organizations WHERE lower(code) = lower(%(code)s)

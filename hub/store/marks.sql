-- mark: a verdict on a statement, with the organisations whose messages the statement cites
INSERT INTO marks (id, referral_id, record_id, item_id, key, statement, sources_of, verdict, reason, organization_id, user_id)
VALUES (%(id)s, %(referral_id)s, %(record_id)s, %(item_id)s, %(key)s, %(statement)s,
        %(sources_of)s, %(verdict)s, %(reason)s, %(organization_id)s, %(user_id)s)

-- cited_organizations: who sent these messages
SELECT id::text, organization_id FROM messages WHERE id = ANY(%(ids)s) AND organization_id IS NOT NULL

-- marks: verdicts with who gave them; conditions follow
SELECT m.id::text AS id, m.at, m.referral_id::text AS referral_id, m.item_id, m.key, m.verdict, m.reason, m.statement,
       m.sources_of, m.organization_id, o.code AS organization, o.name AS organization_name, u.login AS "user",
       u.name AS user_name
FROM marks m JOIN organizations o ON o.id = m.organization_id JOIN users u ON u.id = m.user_id
WHERE

-- all: every mark
true

-- standing: the newest on each statement of a referral, unless it takes back an earlier one
m.referral_id = %(referral_id)s AND m.verdict <> 'withdrawn' AND NOT EXISTS (
    SELECT FROM marks later WHERE later.referral_id = m.referral_id AND later.key = m.key AND later.id > m.id)

-- visible: to an organisation: its own marks, and those on statements that cite its messages
(m.organization_id = %(viewer)s OR m.sources_of @> ARRAY[%(viewer)s]::integer[])

-- since: made then or later
m.at >= %(since)s

-- by: of an organisation, by its code
lower(o.code) = lower(%(organization)s)

-- order: oldest first
ORDER BY m.id

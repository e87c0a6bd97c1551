-- save_draft: what is written, unless the id is another person's or has been sent
INSERT INTO drafts (id, user_id, fields)
SELECT %(id)s, %(user_id)s, %(fields)s
WHERE NOT EXISTS (SELECT FROM messages m WHERE m.control_id = %(key)s AND m.channel = 'form' AND m.status = 'accepted')
ON CONFLICT (id) DO UPDATE SET fields = excluded.fields, updated_at = now() WHERE drafts.user_id = excluded.user_id
RETURNING id

-- draft: one, for who writes it
SELECT id::text AS id, fields, updated_at FROM drafts WHERE id = %(id)s AND user_id = %(user_id)s

-- drafts: a person's, newest first, with how many files each has
SELECT d.id::text AS id, d.fields, d.updated_at,
       (SELECT count(*) FROM draft_attachments a WHERE a.draft_id = d.id) AS files
FROM drafts d WHERE d.user_id = %(user_id)s ORDER BY d.updated_at DESC LIMIT %(limit)s

-- lock_draft: while a file is added or taken away
SELECT FROM drafts WHERE id = %(id)s AND user_id = %(user_id)s FOR UPDATE

-- delete_draft: with its files
DELETE FROM drafts WHERE id = %(id)s AND user_id = %(user_id)s RETURNING id

-- purge_drafts: those that nobody has touched for long
DELETE FROM drafts WHERE updated_at < now() - %(age)s

-- add_file: a file of a draft, once: it comes again where the form is sent while it is still uploaded
INSERT INTO draft_attachments (id, draft_id, name, content_type, content, text)
SELECT %(id)s::uuid, %(draft_id)s::uuid, %(name)s::text, %(content_type)s, %(content)s::bytea, %(text)s
WHERE NOT EXISTS (SELECT FROM draft_attachments
                  WHERE draft_id = %(draft_id)s::uuid AND name = %(name)s::text AND content = %(content)s::bytea)

-- remove_file: from the person's own draft
DELETE FROM draft_attachments a USING drafts d
WHERE a.id = %(id)s AND a.draft_id = %(draft_id)s AND d.id = a.draft_id AND d.user_id = %(user_id)s

-- files: those of a draft, without their content
SELECT id::text AS id, name, content_type, octet_length(content) AS size, length(text) AS characters
FROM draft_attachments WHERE draft_id = %(draft_id)s ORDER BY id

-- contents: files of a draft, whole
SELECT name, content_type, content, text FROM draft_attachments WHERE draft_id = %(draft_id)s ORDER BY id

-- texts: what the files of a draft say
SELECT coalesce(string_agg(text, E'\n' ORDER BY id), '') FROM draft_attachments WHERE draft_id = %(draft_id)s

-- sent: referrals that an organisation has sent by form, by the keys of the forms
SELECT m.control_id, r.id::text, r.version, r.state, m.sha256, m.bundle->>'timestamp'
FROM messages m JOIN referrals r ON r.id = m.referral_id
WHERE m.control_id = ANY(%(keys)s) AND m.organization_id = %(organization_id)s AND m.channel = 'form'
  AND m.status = 'accepted'

-- receivers: organisations that may be referred to, with their departments
SELECT o.code, o.name, o.kind,
       ARRAY(SELECT d.name FROM departments d WHERE d.organization_id = o.id ORDER BY d.code) AS departments
FROM organizations o WHERE o.id <> %(organization_id)s ORDER BY o.kind DESC, o.name

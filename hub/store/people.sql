-- at_once: this transaction's commit does not wait for the disk, so that it takes no longer where it wrote something
SET LOCAL synchronous_commit = off

-- attempt: a log-in counted as refused beforehand; whether it may go on, and whether this one locks the login
WITH before AS MATERIALIZED (
    SELECT u.id, u.disabled_at IS NULL AND coalesce(u.locked_until <= now(), true) AS open
    FROM users u WHERE lower(u.login) = lower(%(login)s) FOR UPDATE
)
UPDATE users u SET
    failures = u.failures + b.open::integer,
    locked_until = CASE WHEN b.open AND u.failures + 1 >= %(attempts)s
        THEN now() + least(%(lock)s * 2 ^ least(u.failures + 1 - %(attempts)s, 16), %(longest)s) ELSE u.locked_until END
FROM before b, organizations o
WHERE u.id = b.id AND o.id = u.organization_id
RETURNING u.id, u.login, u.name, u.role, o.id, o.code, o.name, o.kind, o.charset, o.timezone, o.referral_answer,
    u.password, b.open, b.open AND u.failures >= %(attempts)s

-- succeed: the attempt was none to refuse; a password hashed anew is kept unless it was changed meanwhile
UPDATE users SET failures = 0, locked_until = NULL,
    password = CASE WHEN password = %(stored)s THEN coalesce(%(password)s, password) ELSE password END
WHERE id = %(user_id)s

-- open_session: of a person
INSERT INTO sessions (sha256, user_id) VALUES (%(sha256)s, %(user_id)s)

-- close_ended: sessions that nobody can use any more
DELETE FROM sessions WHERE seen_at < now() - %(idle)s OR created_at < now() - %(longest)s

-- person_of_session: whose it is, and whether a minute has passed since it was last written down
SELECT u.id, u.login, u.name, u.role, o.id, o.code, o.name, o.kind, o.charset, o.timezone, o.referral_answer,
    s.seen_at < now() - interval '1 minute'
FROM sessions s JOIN users u ON u.id = s.user_id JOIN organizations o ON o.id = u.organization_id
WHERE s.sha256 = %(sha256)s AND u.disabled_at IS NULL
  AND s.seen_at >= now() - %(idle)s AND s.created_at >= now() - %(longest)s

-- seen: the session was used
UPDATE sessions SET seen_at = now() WHERE sha256 = %(sha256)s

-- count_sessions: open ones of a person
SELECT count(*) FROM sessions
WHERE user_id = %(user_id)s AND seen_at >= now() - %(idle)s AND created_at >= now() - %(longest)s

-- close_session: one
DELETE FROM sessions WHERE sha256 = %(sha256)s

-- close_sessions: all of a person
DELETE FROM sessions WHERE user_id = %(user_id)s

-- find_user: by login, without regard to case
SELECT u.id, u.login, u.name, u.role, o.id, o.code, o.name, o.kind, o.charset, o.timezone, o.referral_answer
FROM users u JOIN organizations o ON o.id = u.organization_id WHERE lower(u.login) = lower(%(login)s)

-- add_user: a new one
INSERT INTO users (login, name, organization_id, role, password)
VALUES (%(login)s, %(name)s, %(organization_id)s, %(role)s, %(password)s) RETURNING id

-- users: all, or those of an organisation
SELECT u.login, u.name, o.code AS organization, u.role, u.created_at, u.disabled_at,
    CASE WHEN u.locked_until > now() THEN u.locked_until END AS locked_until,
    (SELECT max(s.seen_at) FROM sessions s WHERE s.user_id = u.id) AS seen_at
FROM users u JOIN organizations o ON o.id = u.organization_id
WHERE %(organization)s::text IS NULL OR lower(o.code) = lower(%(organization)s)
ORDER BY lower(o.code), lower(u.login)

-- disable_user: no log-in until enabled
UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE id = %(user_id)s

-- enable_user: may log in again, also where locked
UPDATE users SET disabled_at = NULL, failures = 0, locked_until = NULL WHERE id = %(user_id)s

-- set_password: a new one, which also opens a lock
UPDATE users SET password = %(password)s, failures = 0, locked_until = NULL WHERE id = %(user_id)s

-- issue_token: of a person
INSERT INTO tokens (sha256, organization_id, user_id) VALUES (%(sha256)s, %(organization_id)s, %(user_id)s)

-- revoke_tokens: all of a person
UPDATE tokens SET revoked_at = clock_timestamp() WHERE user_id = %(user_id)s AND revoked_at IS NULL

-- person_of_token: whose it is, unless disabled
SELECT u.id, u.login, u.name, u.role, o.id, o.code, o.name, o.kind, o.charset, o.timezone, o.referral_answer
FROM tokens t JOIN users u ON u.id = t.user_id JOIN organizations o ON o.id = u.organization_id
WHERE t.sha256 = %(sha256)s AND t.revoked_at IS NULL AND u.disabled_at IS NULL

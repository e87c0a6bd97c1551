CREATE TABLE users (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login           text NOT NULL,
    name            text NOT NULL,
    organization_id integer NOT NULL REFERENCES organizations,
    role            text NOT NULL CHECK (role IN ('clinician', 'administrator')),
    password        text NOT NULL,
    failures        integer NOT NULL DEFAULT 0,
    locked_until    timestamptz,
    disabled_at     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN users.password IS 'argon2id, encoded with its parameters';
COMMENT ON COLUMN users.failures IS 'refused log-ins in a row';
CREATE UNIQUE INDEX users_login_key ON users (lower(login));

CREATE TABLE sessions (
    sha256     bytea PRIMARY KEY,
    user_id    integer NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN sessions.sha256 IS 'of the value of the cookie';
CREATE INDEX sessions_user ON sessions (user_id);

ALTER TABLE tokens ADD user_id integer REFERENCES users;
COMMENT ON COLUMN tokens.user_id IS 'whose own token it is; NULL: the organisation''s';

CREATE TABLE drafts (
    id         uuid PRIMARY KEY,
    user_id    integer NOT NULL REFERENCES users,
    fields     json NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE drafts IS 'referrals that are being written; the id becomes the control id of what is sent';
CREATE INDEX drafts_user ON drafts (user_id, updated_at);

CREATE TABLE draft_attachments (
    id           uuid PRIMARY KEY,
    draft_id     uuid NOT NULL REFERENCES drafts ON DELETE CASCADE,
    name         text NOT NULL,
    content_type text NOT NULL,
    content      bytea STORAGE EXTERNAL NOT NULL,
    text         text NOT NULL DEFAULT ''
);
COMMENT ON COLUMN draft_attachments.text IS 'what a PDF or text says, as extracted';
CREATE INDEX draft_attachments_draft ON draft_attachments (draft_id);

CREATE TABLE requirements (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id integer NOT NULL REFERENCES organizations,
    department      text,
    text            text NOT NULL,
    words           text[] NOT NULL,
    mandatory       boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE requirements IS 'what a receiver wants to know in a referral: one of the words, literally; department NULL: all of them';
COMMENT ON COLUMN requirements.mandatory IS 'a referral by form without it is refused; otherwise its writer is warned';
CREATE INDEX requirements_organization ON requirements (organization_id);

CREATE TABLE searches (
    id         uuid PRIMARY KEY,
    user_id    integer NOT NULL REFERENCES users,
    text       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE searches IS 'words that a person looked for, so that the address of a page names no patient';

CREATE TABLE looks (
    user_id     integer NOT NULL REFERENCES users,
    referral_id uuid NOT NULL REFERENCES referrals,
    at          timestamptz NOT NULL,
    previous_at timestamptz,
    PRIMARY KEY (user_id, referral_id)
);
COMMENT ON COLUMN looks.previous_at IS 'the end of the look before this one: what came later is new';

CREATE TABLE marks (
    id              uuid PRIMARY KEY,
    referral_id     uuid NOT NULL REFERENCES referrals,
    record_id       uuid NOT NULL REFERENCES records,
    item_id         text NOT NULL,
    key             text NOT NULL,
    statement       json NOT NULL,
    sources_of      integer[] NOT NULL,
    verdict         text NOT NULL CHECK (verdict IN ('checked', 'wrong', 'withdrawn')),
    reason          text,
    organization_id integer NOT NULL REFERENCES organizations,
    user_id         integer NOT NULL REFERENCES users,
    at              timestamptz NOT NULL DEFAULT now(),
    CHECK (verdict <> 'wrong' OR reason IS NOT NULL)
);
COMMENT ON TABLE marks IS 'a reader''s verdict on a statement of a record; of several on one statement the newest stands';
COMMENT ON COLUMN marks.item_id IS 'part and name of the statement in that record: item:i7, passage:0';
COMMENT ON COLUMN marks.key IS 'what the statement is known by in other records of the referral';
COMMENT ON COLUMN marks.sources_of IS 'organisations whose messages the statement cites: they see the mark';
CREATE INDEX marks_referral ON marks (referral_id, key, id);
CREATE INDEX marks_organization ON marks (organization_id);
CREATE INDEX marks_sources_of ON marks USING gin (sources_of);

CREATE TABLE patient_keys (
    key        text NOT NULL,
    patient_id uuid NOT NULL,
    PRIMARY KEY (patient_id, key)
);
COMMENT ON TABLE patient_keys IS 'beginnings by which a patient''s name is found: the name and its pinyin, in full and by initials; no foreign key, which was half of the cost of writing: the transaction that writes a key writes or has locked its patient, and nothing deletes one';
CREATE INDEX patient_keys_key ON patient_keys (key text_pattern_ops);

ALTER TABLE referrals ADD state_since timestamptz NOT NULL DEFAULT now();
UPDATE referrals SET state_since = updated_at;
ALTER TABLE referrals ADD urgency smallint NOT NULL GENERATED ALWAYS AS (
    CASE priority WHEN 'stat' THEN 0 WHEN 'asap' THEN 1 WHEN 'urgent' THEN 2 ELSE 3 END) STORED;
CREATE INDEX referrals_worklist ON referrals (receiver_id, urgency, requested_at, id)
    WHERE state NOT IN ('rejected', 'referred-onward', 'cancelled', 'expired', 'closed');

ALTER TABLE messages DROP CONSTRAINT messages_channel_check;
ALTER TABLE messages ADD CONSTRAINT messages_channel_check CHECK (channel IN ('mllp', 'fhir', 'file', 'form'));
CREATE INDEX messages_organization ON messages (organization_id, id);
CREATE INDEX messages_unaccepted ON messages (status, id) WHERE status <> 'accepted';

CREATE INDEX outbox_subject ON outbox (subject, id);
CREATE INDEX audit_at ON audit (at);

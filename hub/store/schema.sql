-- The schema as declared. tests/migration proves that `alembic upgrade head` gives exactly this.

CREATE TABLE organizations (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text NOT NULL CHECK (code ~ '^[A-Za-z0-9-]+$'),
    name            text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('clinic', 'hospital')),
    charset         text,
    timezone        text NOT NULL DEFAULT 'Asia/Shanghai',
    referral_answer text NOT NULL DEFAULT 'ACK' CHECK (referral_answer IN ('ACK', 'RRI')),
    last_sequence   bigint NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN organizations.last_sequence IS 'position of the newest event in its own stream, assigned by the relay';
CREATE UNIQUE INDEX organizations_code_key ON organizations (lower(code));

CREATE TABLE departments (
    organization_id integer NOT NULL REFERENCES organizations,
    code            text NOT NULL,
    name            text NOT NULL,
    PRIMARY KEY (organization_id, code)
);

CREATE TABLE facilities (
    facility        text PRIMARY KEY,
    organization_id integer NOT NULL REFERENCES organizations
);
COMMENT ON TABLE facilities IS 'MSH-4 values by which an organisation is known';

CREATE TABLE profiles (
    organization_id integer PRIMARY KEY REFERENCES organizations,
    source          text NOT NULL,
    changed_at      timestamptz NOT NULL DEFAULT now(),
    changed_by      text NOT NULL
);
COMMENT ON TABLE profiles IS 'how a sender''s HL7 v2 differs from the standard''s: YAML, as the engineer wrote it';

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

CREATE TABLE tokens (
    sha256          bytea PRIMARY KEY,
    organization_id integer NOT NULL REFERENCES organizations,
    created_at      timestamptz NOT NULL DEFAULT now(),
    revoked_at      timestamptz,
    user_id         integer REFERENCES users
);
COMMENT ON COLUMN tokens.user_id IS 'whose own token it is; NULL: the organisation''s';

CREATE TABLE patients (
    id         uuid PRIMARY KEY,
    name       text,
    gender     text,
    birth_date text,
    resource   jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE patient_identifiers (
    patient_id      uuid NOT NULL REFERENCES patients,
    organization_id integer REFERENCES organizations,
    system          text NOT NULL,
    value           text NOT NULL,
    declared        boolean NOT NULL DEFAULT false,
    type            text,
    UNIQUE NULLS NOT DISTINCT (system, value, organization_id, patient_id)
);
COMMENT ON COLUMN patient_identifiers.organization_id IS 'whose number it is; NULL: valid everywhere (national, insurance)';
COMMENT ON COLUMN patient_identifiers.declared IS 'whose number it is said that it is this patient''s, by a merge: then no name or date of birth contradicts it';
COMMENT ON COLUMN patient_identifiers.type IS 'code of HL7 table 0203, as it was told';
CREATE INDEX patient_identifiers_patient ON patient_identifiers (patient_id);

CREATE TABLE referrals (
    id                 uuid PRIMARY KEY,
    version            integer NOT NULL,
    state              text NOT NULL,
    direction          text NOT NULL CHECK (direction IN ('up', 'down')),
    priority           text NOT NULL,
    sender_id          integer NOT NULL REFERENCES organizations,
    receiver_id        integer NOT NULL REFERENCES organizations,
    department         text,
    patient_id         uuid NOT NULL REFERENCES patients,
    question           text,
    reason             text,
    based_on           uuid REFERENCES referrals,
    cancellation_asked boolean NOT NULL DEFAULT false,
    details            json NOT NULL DEFAULT '{}',
    service_request    json NOT NULL,
    task               json NOT NULL DEFAULT '{}',
    requested_at       timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    state_since        timestamptz NOT NULL DEFAULT now(),
    urgency            smallint NOT NULL GENERATED ALWAYS AS (
        CASE priority WHEN 'stat' THEN 0 WHEN 'asap' THEN 1 WHEN 'urgent' THEN 2 ELSE 3 END) STORED
);
COMMENT ON COLUMN referrals.reason IS 'of the last transition that needed one';
COMMENT ON COLUMN referrals.task IS 'Task elements that writers sent and the hub does not compute (output, note, contained)';
CREATE INDEX referrals_sender ON referrals (sender_id, updated_at);
CREATE INDEX referrals_receiver ON referrals (receiver_id, updated_at);
CREATE INDEX referrals_patient ON referrals (patient_id);
CREATE INDEX referrals_worklist ON referrals (receiver_id, urgency, requested_at, id)
    WHERE state NOT IN ('rejected', 'referred-onward', 'cancelled', 'expired', 'closed');

CREATE TABLE referral_identifiers (
    referral_id     uuid NOT NULL REFERENCES referrals,
    organization_id integer NOT NULL REFERENCES organizations,
    system          text NOT NULL,
    value           text NOT NULL,
    PRIMARY KEY (organization_id, system, value)
);
COMMENT ON COLUMN referral_identifiers.organization_id IS 'the sender that uses the identifier';
CREATE INDEX referral_identifiers_value ON referral_identifiers (value);
CREATE INDEX referral_identifiers_referral ON referral_identifiers (referral_id);

CREATE TABLE messages (
    id              uuid PRIMARY KEY,
    received_at     timestamptz NOT NULL,
    organization_id integer REFERENCES organizations,
    channel         text NOT NULL CHECK (channel IN ('mllp', 'fhir', 'file', 'form')),
    format          text NOT NULL CHECK (format IN ('hl7v2', 'fhir', 'text')),
    type            text NOT NULL,
    version         text NOT NULL,
    charset         text NOT NULL,
    application     text NOT NULL,
    facility        text NOT NULL,
    control_id      text NOT NULL,
    status          text NOT NULL CHECK (status IN ('stored', 'accepted', 'rejected', 'parked', 'incomplete')),
    raw             bytea STORAGE EXTERNAL NOT NULL,
    sha256          bytea NOT NULL,
    code            text,
    acknowledgement bytea,
    application_acknowledgement bytea,
    error           json,
    bundle          json STORAGE EXTERNAL,
    ledger          json STORAGE EXTERNAL,
    patient_id      uuid,
    referral_id     uuid,
    processed_at    timestamptz
);
COMMENT ON COLUMN messages.status IS 'stored: safe, not yet normalised (enhanced mode); accepted: took effect; rejected: refused, kept for inspection; parked: cannot be processed, waits for replay; incomplete: bytes of a frame that never ended';
COMMENT ON COLUMN messages.application_acknowledgement IS 'what followed the first answer: in enhanced mode, or after a replay';
COMMENT ON COLUMN messages.code IS 'AA, AE, AR, CA, CE, CR, or the HTTP status';
CREATE INDEX messages_waiting ON messages (id) WHERE status = 'stored';
CREATE INDEX messages_referral ON messages (referral_id) WHERE referral_id IS NOT NULL;
CREATE INDEX messages_control_id ON messages (control_id);
CREATE INDEX messages_organization ON messages (organization_id, id);
CREATE INDEX messages_unaccepted ON messages (status, id) WHERE status <> 'accepted';

CREATE TABLE accepted_keys (
    key         bytea PRIMARY KEY,
    sha256      bytea NOT NULL,
    message_id  uuid NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN accepted_keys.key IS 'digest of organisation, MSH-3, MSH-4 and MSH-10 (FHIR: Bundle.identifier or the like)';
CREATE INDEX accepted_keys_accepted_at ON accepted_keys USING brin (accepted_at);

CREATE TABLE fragments (
    id              uuid PRIMARY KEY,
    message_id      uuid NOT NULL,
    patient_id      uuid NOT NULL,
    organization_id integer NOT NULL,
    referral_id     uuid,
    position        integer NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('hl7v2', 'fhir', 'text')),
    resource_type   text NOT NULL,
    resource        json NOT NULL,
    base            text NOT NULL,
    citations       json,
    received_at     timestamptz NOT NULL,
    recorded_at     timestamptz
);
COMMENT ON TABLE fragments IS 'no foreign keys, which were half of the cost of writing: the transaction that writes a fragment writes its message and has its patient locked, and nothing deletes either';
COMMENT ON COLUMN fragments.citations IS '[[target, path, text], ..] for HL7 v2 and text; of FHIR they follow from base';
CREATE INDEX fragments_patient ON fragments (patient_id);
CREATE INDEX fragments_referral ON fragments (referral_id) WHERE referral_id IS NOT NULL;
CREATE INDEX fragments_message ON fragments (message_id);

CREATE TABLE outbox (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id      uuid NOT NULL,
    type          text NOT NULL,
    subject       uuid NOT NULL,
    organizations integer[] NOT NULL DEFAULT '{}',
    occurred_at   timestamptz NOT NULL,
    data          json NOT NULL,
    published_at  timestamptz
);
COMMENT ON COLUMN outbox.organizations IS 'in whose own streams the event stands';
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_subject ON outbox (subject, id);

CREATE TABLE organization_events (
    organization_id integer NOT NULL REFERENCES organizations,
    sequence        bigint NOT NULL,
    outbox_id       bigint NOT NULL REFERENCES outbox,
    PRIMARY KEY (organization_id, sequence)
);
CREATE INDEX organization_events_outbox ON organization_events (outbox_id);

CREATE TABLE processed_events (
    consumer     text NOT NULL,
    event_id     uuid NOT NULL,
    processed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);

CREATE TABLE dead_letters (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer    text NOT NULL,
    subject     uuid NOT NULL,
    event_id    uuid NOT NULL,
    event       json NOT NULL,
    cause       text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz,
    UNIQUE (consumer, event_id, subject)
);
COMMENT ON COLUMN dead_letters.cause IS 'why the event could not be processed; NULL: it queues behind an earlier one of the same subject';
CREATE INDEX dead_letters_waiting ON dead_letters (consumer, subject, id) WHERE replayed_at IS NULL;

CREATE TABLE records (
    id           uuid PRIMARY KEY,
    referral_id  uuid NOT NULL REFERENCES referrals,
    version      integer NOT NULL,
    whole        boolean NOT NULL,
    record       json NOT NULL,
    sha256       bytea NOT NULL,
    generated_at timestamptz NOT NULL
);
COMMENT ON COLUMN records.version IS 'of the referral that the record was made from';
COMMENT ON COLUMN records.whole IS 'made of the patient''s whole history, not only of what came with the referral';
CREATE INDEX records_referral ON records (referral_id, generated_at);

CREATE TABLE embeddings (
    model  text NOT NULL,
    sha256 bytea NOT NULL,
    vector bytea NOT NULL,
    PRIMARY KEY (model, sha256)
);
COMMENT ON COLUMN embeddings.vector IS 'little-endian float32, L2-normalised';

CREATE TABLE audit (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT now(),
    organization_id integer REFERENCES organizations,
    actor           text NOT NULL,
    action          text NOT NULL,
    object_type     text NOT NULL,
    object_id       text NOT NULL,
    allowed         boolean NOT NULL DEFAULT true
);
CREATE INDEX audit_object ON audit (object_type, object_id);
CREATE INDEX audit_organization ON audit (organization_id, at);
CREATE INDEX audit_at ON audit (at);

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

CREATE TABLE merges (
    id              uuid PRIMARY KEY,
    scope           text NOT NULL CHECK (scope IN ('patient', 'identifier', 'chart', 'account', 'visit')),
    organization_id integer NOT NULL REFERENCES organizations,
    message_id      uuid NOT NULL,
    prior_id        uuid NOT NULL REFERENCES patients,
    surviving_id    uuid NOT NULL REFERENCES patients,
    names           json NOT NULL,
    fragments       uuid[] NOT NULL,
    referrals       uuid[] NOT NULL,
    filled          text[] NOT NULL DEFAULT '{}',
    merged_at       timestamptz NOT NULL DEFAULT now(),
    undone_at       timestamptz
);
COMMENT ON TABLE merges IS 'what went from one patient to another on its sender''s word, so that it can go back';
COMMENT ON COLUMN merges.names IS '[[organization or 0, system, value, declared], ..]';
COMMENT ON COLUMN merges.filled IS 'what was not known of the surviving patient and came from the prior one: name, gender, birthDate';
CREATE INDEX merges_surviving ON merges (surviving_id) WHERE undone_at IS NULL;
CREATE INDEX merges_prior ON merges (prior_id) WHERE undone_at IS NULL;

CREATE TABLE destinations (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id integer NOT NULL REFERENCES organizations,
    name            text NOT NULL CHECK (name ~ '^[A-Za-z0-9-]+$'),
    protocol        text NOT NULL CHECK (protocol IN ('mllp', 'fhir')),
    address         text NOT NULL,
    dialect         text NOT NULL CHECK (dialect IN ('ref', '360x', 'fhir')),
    version         text NOT NULL,
    charset         text NOT NULL,
    application     text NOT NULL,
    facility        text NOT NULL,
    timeout         double precision NOT NULL,
    tls             boolean NOT NULL,
    authorities     text,
    token           text,
    most_tries      integer NOT NULL,
    most_hours      integer NOT NULL,
    position        bigint NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    paused_at       timestamptz,
    removed_at      timestamptz,
    failures        integer NOT NULL DEFAULT 0,
    resume_at       timestamptz,
    delivered       bigint NOT NULL DEFAULT 0,
    failed          bigint NOT NULL DEFAULT 0,
    answer          text,
    answered_at     timestamptz,
    fault           text,
    fault_at        timestamptz,
    certificate     text
);
COMMENT ON TABLE destinations IS 'systems that the hub delivers an organisation''s messages to';
COMMENT ON COLUMN destinations.token IS 'where the bearer token is that the hub shows to the receiver (file:PATH); before 0007 the token itself, which only what sends reads';
COMMENT ON COLUMN destinations.certificate IS 'file of the certificate and key by which the hub shows who it is: its path';
COMMENT ON COLUMN destinations.position IS 'of the organisation''s own stream, up to which its events have become deliveries';
COMMENT ON COLUMN destinations.failures IS 'tries in a row without a certain answer; resume_at: nothing is sent before';
COMMENT ON COLUMN destinations.failed IS 'tries that did not deliver';
CREATE UNIQUE INDEX destinations_name_key ON destinations (organization_id, lower(name)) WHERE removed_at IS NULL;

CREATE TABLE deliveries (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    destination_id integer NOT NULL REFERENCES destinations,
    outbox_id      bigint NOT NULL REFERENCES outbox,
    referral_id    uuid NOT NULL,
    kind           text NOT NULL,
    control_id     text NOT NULL,
    status         text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'delivered', 'dead', 'skipped')),
    due_at         timestamptz NOT NULL DEFAULT now(),
    attempts       integer NOT NULL DEFAULT 0,
    tries          integer NOT NULL DEFAULT 0,
    first_tried_at timestamptz,
    payload        bytea STORAGE EXTERNAL,
    answer         bytea,
    cause          text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    settled_at     timestamptz,
    question       boolean NOT NULL DEFAULT false,
    UNIQUE (destination_id, outbox_id, kind)
);
COMMENT ON COLUMN deliveries.control_id IS 'MSH-10 or Bundle.identifier: the same in every try, for the receiver to know a repeat by';
COMMENT ON COLUMN deliveries.tries IS 'attempts since it was last taken up that the receiver may have got';
COMMENT ON COLUMN deliveries.payload IS 'what is sent, byte for byte the same in every try';
COMMENT ON COLUMN deliveries.cause IS 'of a dead letter: why it was given up';
COMMENT ON COLUMN deliveries.question IS 'it asks where the referral stands, and tells nothing: once refused it holds up nothing';
CREATE INDEX deliveries_due ON deliveries (destination_id, due_at, id) WHERE status = 'waiting';
CREATE INDEX deliveries_line ON deliveries (destination_id, referral_id, id) WHERE status IN ('waiting', 'dead');
CREATE INDEX deliveries_settled ON deliveries (settled_at) WHERE status IN ('delivered', 'skipped');
CREATE INDEX deliveries_dead ON deliveries (id) WHERE status = 'dead';
CREATE INDEX deliveries_outbox ON deliveries (outbox_id);

CREATE TABLE delivery_attempts (
    delivery_id bigint NOT NULL REFERENCES deliveries,
    number      integer NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    outcome     text,
    code        text,
    path        text,
    PRIMARY KEY (delivery_id, number)
);
COMMENT ON TABLE delivery_attempts IS 'outcome: MSA-1, HTTP status or a word; code, path: of the receiver''s error; no text of anybody';

CREATE TABLE ledgers_waiting (
    message_id uuid PRIMARY KEY
);
COMMENT ON TABLE ledgers_waiting IS 'HL7 v2 messages whose ledgers are not counted yet: written with the message, removed with the counting';

CREATE TABLE ledger_days (
    organization_id integer NOT NULL REFERENCES organizations,
    day             date NOT NULL,
    type            text NOT NULL,
    field           text NOT NULL,
    reason          text NOT NULL,
    messages        integer NOT NULL,
    last_at         timestamptz NOT NULL,
    newest          uuid NOT NULL,
    PRIMARY KEY (organization_id, day, type, field, reason)
);
COMMENT ON TABLE ledger_days IS 'in how many accepted messages of a sender''s day a field was mapped or not; never a value';
COMMENT ON COLUMN ledger_days.day IS 'of receipt, in the sender''s time zone';
COMMENT ON COLUMN ledger_days.field IS 'PID-3.4: a path of the ledger without occurrence and repetition';
COMMENT ON COLUMN ledger_days.reason IS 'why no Bundle carries it; empty: mapped';
COMMENT ON COLUMN ledger_days.newest IS 'the newest message that shows it';

CREATE TABLE message_totals (
    organization_id integer REFERENCES organizations,
    type            text NOT NULL,
    converted       bigint NOT NULL,
    refused         bigint NOT NULL,
    mapped          bigint NOT NULL,
    unmapped        bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (organization_id, type)
);
COMMENT ON TABLE message_totals IS 'HL7 v2 messages since the beginning: how many were converted or refused, and the leaves of their ledgers; organisation NULL: unknown senders';

-- Migration 0005: deliveries to the organisations' own systems (frozen).

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
    fault_at        timestamptz
);
COMMENT ON TABLE destinations IS 'systems that the hub delivers an organisation''s messages to';
COMMENT ON COLUMN destinations.token IS 'bearer token that the hub shows to the receiver: only what sends reads it';
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
    UNIQUE (destination_id, outbox_id, kind)
);
COMMENT ON COLUMN deliveries.control_id IS 'MSH-10 or Bundle.identifier: the same in every try, for the receiver to know a repeat by';
COMMENT ON COLUMN deliveries.tries IS 'attempts since it was last taken up that the receiver may have got';
COMMENT ON COLUMN deliveries.payload IS 'what is sent, byte for byte the same in every try';
COMMENT ON COLUMN deliveries.cause IS 'of a dead letter: why it was given up';
CREATE INDEX deliveries_due ON deliveries (destination_id, due_at, id) WHERE status = 'waiting';
CREATE INDEX deliveries_line ON deliveries (destination_id, referral_id, id) WHERE status IN ('waiting', 'dead');
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

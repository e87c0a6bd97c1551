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

INSERT INTO ledgers_waiting
SELECT id FROM messages WHERE format = 'hl7v2' AND status IN ('accepted', 'rejected');

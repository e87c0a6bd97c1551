ALTER TABLE patient_identifiers ADD declared boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN patient_identifiers.declared IS 'whose number it is said that it is this patient''s, by a merge: then no name or date of birth contradicts it';

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

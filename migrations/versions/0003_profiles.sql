CREATE TABLE profiles (
    organization_id integer PRIMARY KEY REFERENCES organizations,
    source          text NOT NULL,
    changed_at      timestamptz NOT NULL DEFAULT now(),
    changed_by      text NOT NULL
);
COMMENT ON TABLE profiles IS 'how a sender''s HL7 v2 differs from the standard''s: YAML, as the engineer wrote it';

-- Migration 0008: which deliveries are questions (frozen).

ALTER TABLE deliveries ADD COLUMN question boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN deliveries.question IS 'it asks where the referral stands, and tells nothing: once refused it holds up nothing';
UPDATE deliveries SET question = true WHERE kind = 'REF^I15';

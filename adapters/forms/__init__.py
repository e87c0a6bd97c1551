"""What people enter, as FHIR: the referral form, the steps of a referral, files of many referrals (CSV)."""

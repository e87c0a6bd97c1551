"""Referral Hub: referrals from clinics to hospitals, one continuous record, one event stream."""

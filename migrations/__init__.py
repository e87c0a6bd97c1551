"""Alembic migrations; `referral-hub migrate` runs them."""

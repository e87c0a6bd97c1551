"""Drafts to groups that say the same, and what is known of kinds of fact for it: pure functions and tables."""

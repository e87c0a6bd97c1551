"""Readers of coded resources: one fragment in, drafts of items out. A reader of text has the same form."""

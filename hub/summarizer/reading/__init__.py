"""Free text to drafts of items: sentences with their section, terms, dates, context, amounts; rules as tables."""

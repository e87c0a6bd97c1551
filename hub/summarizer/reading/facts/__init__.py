"""What one kind of fact looks like in a sentence: a module a kind, each `read(statement) -> list[Finding]`."""

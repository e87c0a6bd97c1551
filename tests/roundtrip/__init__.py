"""v2 -> FHIR -> v2: what of a message's mapped fields stands where it stood when its Bundle alone is written again."""

"""HL7 v2 to FHIR R4: the official v2-to-FHIR maps and, where there is none, the rule sheet of schemas/hl7v2."""

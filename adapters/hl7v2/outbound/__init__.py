"""FHIR to HL7 v2: the maps turned round. `writer.write` makes the bytes of one message for one receiver."""

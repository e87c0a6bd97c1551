"""What the demo's people send, in the order of the story; nobody in it lives, and region 99 does not exist.

HL7 v2 messages stand here in UTF-8, a segment a line, and are sent in the character set that their MSH-18 names.
`@RUN@` is another text in each run, so that a hub that keeps its home takes the story again; `@REFERRAL@` is the id of
the referral that a file is about; `@BASE64:NAME@` is a file of this folder, as FHIR carries attachments.
"""

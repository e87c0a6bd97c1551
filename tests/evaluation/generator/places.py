"""Which documents a patient has, and where facts of a wording stand in them."""

from __future__ import annotations

# Key, file, medium, organisation, days before the referral (least, most), how often it is there.
DOCUMENTS = (
    ("discharge", "county_admission.hl7", "mdm", "XIAN", 200, 600, 1.0),
    ("note_1", "note_1.txt", "txt", "CUN", 150, 420, 1.0),
    ("tertiary", "tertiary_doc.json", "sections", "SHI", 40, 150, 1.0),
    ("phone", "phone_record.txt", "txt", "CUN", 60, 120, 1.0),
    ("township", "township_visit.json", "base64", "ZHEN", 30, 140, 0.6),
    ("letter", "clinic_letter.txt", "txt", "SHI", 20, 100, 0.35),
    ("imaging", "imaging.hl7", "imaging", "SHI", 20, 60, 1.0),
    ("note_2", "note_2.txt", "txt", "CUN", 5, 30, 1.0),
    ("referral", "referral.hl7", "nte", "XIAN", 0, 1, 1.0),
)
# Wording: the documents where it may stand, and how many of them are wanted (least, most).
WHERE = {
    "problem": (("discharge", "note_1", "note_2", "phone", "tertiary", "township", "letter", "referral"), 1, 3),
    "historic": (("discharge", "note_1", "tertiary", "letter"), 1, 2),
    "symptom": (("note_2", "referral", "township", "phone", "letter", "tertiary"), 1, 2),
    "negated_problem": (("discharge", "note_1", "tertiary", "phone", "letter"), 1, 2),
    "negated_symptom": (("note_2", "township", "tertiary", "phone", "discharge", "letter"), 1, 1),
    "negated_finding": (("imaging", "letter"), 1, 1),
    "uncertain": (("note_2", "tertiary", "township", "imaging", "referral", "letter"), 1, 1),
    "family": (("discharge", "tertiary", "note_1", "phone", "letter"), 1, 1),
    "med_current": (("note_2", "phone", "tertiary", "township", "referral", "letter"), 1, 2),
    "med_stopped": (("note_2", "tertiary", "phone", "letter"), 1, 1),
    "med_plan": (("note_2", "tertiary", "referral", "letter"), 1, 1),
    "lab": (("note_2", "tertiary", "referral", "township", "letter", "note_1"), 1, 1),
    "vital": (("note_2", "discharge", "township", "letter"), 1, 1),
    "allergy": (("phone", "discharge", "note_2", "tertiary", "letter"), 1, 2),
    "allergy_absent": (("discharge", "phone", "note_1", "tertiary", "letter"), 1, 1),
    "procedure": (("discharge", "note_1", "phone", "tertiary", "letter"), 1, 2),
    "procedure_plan": (("referral", "note_2", "tertiary", "letter"), 1, 1),
    "smoking": (("discharge", "phone", "tertiary", "letter"), 1, 1),
    "drinking": (("discharge", "phone", "tertiary", "letter"), 1, 1),
    "vaccine": (("note_2", "note_1", "tertiary", "letter"), 1, 1),
    "encounter": (("note_2", "tertiary", "phone", "letter"), 1, 1),
    "blood": (("note_1", "discharge", "letter"), 1, 1),
    "finding": (("imaging", "tertiary", "note_2", "letter"), 1, 1),
}
# Wording: how often it is also, or only, coded, and the messages that may carry it.
CODED: dict[str, tuple[float, tuple[str, ...]]] = {
    "problem": (0.5, ("discharge", "tertiary", "referral")),
    "allergy": (0.5, ("discharge", "tertiary", "referral")),
    "procedure": (0.4, ("discharge", "tertiary")),
    "med_current": (0.55, ("prescription", "tertiary")),
    "lab": (0.65, ("laboratory",)),
    "vaccine": (0.3, ("tertiary",)),
    "blood": (0.5, ("discharge",)),
}

"""MSA, ERR: what an acknowledgement says; QPD, RCP, and QRD, QRF and the like until 2.5: what a query asked; DSP: lines
to display."""

from __future__ import annotations

import re
from typing import Any

from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.datatypes import concept
from adapters.hl7v2.maps.reading import Reading

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_CONTROL_ID = "urn:referral-hub:extension:answered-control-id"


def msa(c: Conversion, s: Reading) -> None:
    """MessageHeader.response (official map MSA[MessageHeader]); a control id that is no FHIR id is an extension."""
    header = c.entries[0].resource
    found, answered, words = c.looked_up("acknowledgement", s.leaf(1)), s.leaf(2), s.leaf(3)
    if found is None or answered is None:
        return
    response: dict[str, Any] = {"identifier": "unknown", "code": found}
    if _ID.fullmatch(answered.text.strip()):
        response["identifier"] = answered
    else:
        response["extension"] = [{"url": _CONTROL_ID, "valueString": answered}]
    header["response"] = response
    fault = s.first(6)
    details = concept(c, fault) if fault else None
    if words or details:
        issue = {"severity": "information" if found.value == "ok" else "error", "code": "informational"}
        told = {"details": details} if details else {}
        _outcome(c)["issue"].append({**issue, **told, **({"diagnostics": words} if words else {})})


def err(c: Conversion, s: Reading) -> None:
    """An issue of the OperationOutcome that the response refers to."""
    severity = c.looked_up("error-severity", s.leaf(4)) or "error"
    issue: dict[str, Any] = {"severity": severity, "code": "processing"}
    coded = s.first(3) or s.first(5)
    if coded and (details := concept(c, coded)):
        issue["details"] = details
    words = s.leaf(8) or s.leaf(7) or s.leaf(6)
    if words:
        issue["diagnostics"] = words
    places = [prose for field in (2, 1) for r in s.each(field) if (prose := r.prose())]
    if places:
        issue["location"] = places
    _outcome(c)["issue"].append(issue)


def _outcome(c: Conversion) -> dict[str, Any]:
    entry = c.opened.get("outcome")
    if entry is None:
        entry = c.opened["outcome"] = c.add({"resourceType": "OperationOutcome", "issue": []})
        response = c.entries[0].resource.get("response")
        if response:
            response["details"] = entry.reference
    return entry.resource


def parameters(c: Conversion, s: Reading) -> None:
    """Each value of a query as a parameter named by its field: which fields there are depends on the query."""
    entry = c.opened.get("parameters")
    if entry is None:
        entry = c.opened["parameters"] = c.add({"resourceType": "Parameters", "parameter": []})
    for field, repetition in s.firsts.items():
        for one in s.repeated.get(field, (repetition,)):
            for leaf in one.leaves():
                place = leaf.path.partition("-")[2].split("]", 1)[-1]
                name = f"{s.name}-{field}{place}"
                entry.resource["parameter"].append({"name": name, "valueString": leaf})


def dsp(c: Conversion, s: Reading) -> None:
    """DSP-3 is a line of text to display: a note of the message."""
    c.notes.append((c.patient, s))

"""Why the ledger says that no Bundle carries a field, in the page's language."""

from __future__ import annotations

import re

from hub.web.page import Page
from hub.web.words import N_

_PLACE = re.compile(r"(?<=\Ano rule for )(segment )?([A-Z][A-Z0-9]{2}(?:-\d+)?)(?![\w-])")

KNOWN = (
    N_("no rule for Z-segments"),
    N_("no rule for segment %(place)s"),
    N_("no rule for %(place)s, or not a value that its FHIR element takes"),
    N_("HL7 null: nothing is stated"),
    N_("blank"),
    N_("message envelope: used in transport, no statement"),
    N_("set id: the order of the segments is kept"),
    N_("source of comment: no FHIR element"),
    N_("coding method: the code names its system (withdrawn)"),
    N_("sub-id: the order of the lines is kept"),
    N_("order control: the request's status says what it does"),
    N_("action code: what it does is done"),
)
"""The reasons that adapters.hl7v2.maps.ledger gives; another one is shown as it is."""


def told(page: Page, reason: str) -> str:
    """A reason in words; the place that it names stays as it is."""
    place = _PLACE.search(reason)
    if place is None:
        return page._(reason) if reason in KNOWN else reason
    text = _PLACE.sub(r"\1%(place)s", reason)
    return page._(text, place=place[2]) if text in KNOWN else reason

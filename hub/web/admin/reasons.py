"""Why the ledger says that no Bundle carries a field, in the page's language."""

from __future__ import annotations

import re

from hub.web.page import Page
from hub.web.words import N_

_PLACE = re.compile(r"(?<=segment )[A-Z][A-Z0-9]{2}(?![\w-])|(?<!\w)[A-Z][A-Z0-9]{2}-\d+(?![\w-])")

KNOWN = (
    N_("no rule for Z-segments"),
    N_("no rule for segment %(place)s"),
    N_("no rule for %(place)s"),
    N_("%(place)s is mapped, but its FHIR datatype has no place for this part, or no code for this value"),
    N_("not a value that the FHIR element of %(place)s takes, or what it belongs to is not in the message"),
    N_("HL7 null: nothing is stated"),
    N_("blank"),
    N_("message envelope: used in transport, no statement"),
    N_("set id: the order of the segments is kept"),
    N_("sub-id: the order of the lines is kept"),
    N_("coding method: the code names its system (withdrawn)"),
    N_("unit of a length or shift, which is told in minutes where it can be"),
    N_("action code: what it does is done"),
    N_("an amount of money or a matter of billing: what is clinical is converted"),
    N_("how a display or a query is laid out: no statement"),
    N_("group marker: the order of the segments is kept"),
    N_("signature and keys of a certificate: what is certified is converted"),
    N_("a staff member's car: no statement of care"),
    N_("a matter of billing, nothing else"),
    N_("master file of what a sender has or can do: no statement of a patient or of who treats"),
    N_("the state of equipment, of stock or of a bed: no statement of a patient"),
    N_("transport of specimens: what they are stands in SPM"),
    N_("the bank's handling of a donation: what a patient was given stands in BTX"),
    N_("a manufacturer's reports on its products: what happened to a patient stands in PEO"),
    N_("files, batches and access: no statement"),
)
"""The reasons that adapters.hl7v2.maps.ledger gives; another one is shown as it is."""


def told(page: Page, reason: str) -> str:
    """A reason in words; the place that it names stays as it is."""
    place = _PLACE.search(reason)
    if place is None:
        return page._(reason) if reason in KNOWN else reason
    text = _PLACE.sub("%(place)s", reason, count=1)
    return page._(text, place=place[0]) if text in KNOWN else reason

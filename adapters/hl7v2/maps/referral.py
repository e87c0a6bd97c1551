"""What a REF asks: the intent for the referral's life cycle, its receiver, and what it must say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapters.hl7v2.maps.attachments import ATTACHMENT
from adapters.hl7v2.maps.conversion import Conversion
from adapters.hl7v2.maps.reading import Leaf, Reading
from adapters.hl7v2.maps.segments_referral import REFERRED_TO, identifiers, providers
from hub.domain.errors import Cause, Refusal
from hub.domain.fragments import Resource
from hub.domain.messages import Amend, Cancel, Claim, Content, Envelope, Inquire, Intent, Open

_PLACES = (
    # PRD field, component, whether it may be a registered name
    (7, 1, False),
    (10, 3, False), (10, 10, False), (10, 1, True),
    (4, 4, True), (4, 1, True),
)  # fmt: skip
"""Where a PRD names its organisation, in the order of CONTRACTS.md."""


def nobody(patient: Resource) -> list[Refusal]:
    """What is to be refused where it must be known whom a message is about. patient: {} without PID."""
    if patient.get("identifier") or patient.get("name"):
        return []
    if patient:
        return [_missing("PID[1]-3[1]", "the patient has neither identifier nor name")]
    return [_missing("PID[1]-3[1]", "the message names no patient: the hub keeps what is told of one")]


def missing(c: Conversion) -> list[Refusal]:
    """What CONTRACTS.md requires of a referral: patient, reason and receiver; in I13 to I15 patient and identifier."""
    if c.kind != "REF":
        return []
    found = nobody(c.patients[0].resource if c.patients else {})
    if c.referral is None:
        found.append(_missing("RF1[1]-6[1]", "the referral segment RF1 is missing"))
        return found
    if c.event != "I12":
        if not identifiers(c)[0]:
            found.append(_missing("RF1[1]-6[1]", "the identifier of the referral is missing"))
        return found
    if not _has_reason(c):
        found.append(_missing("RF1[1]-10[1]", "no reason: RF1-10, DG1 and notes are empty"))
    receiving, claims = _receiver(c)
    if not claims:
        place = receiving[0].occurrence if receiving else 1
        found.append(_missing(f"PRD[{place}]-7[1]", "the receiver is missing"))
    return found


def _missing(path: str, text: str) -> Refusal:
    return Refusal(Cause.REQUIRED_MISSING, path, text)


def _has_reason(c: Conversion) -> bool:
    if c.referral and any(_text(reason) for reason in c.referral.resource.get("reasonCode", ())):
        return True
    if any(s.has(3) for s in _readings(c, "NTE")):
        return True
    return any(_says_why(entry.resource) for entry in c.entries)


def _says_why(resource: Resource) -> bool:
    kind = resource["resourceType"]
    diagnosed = kind == "Condition" and "code" in resource
    attached = any(one["url"] == ATTACHMENT for one in resource.get("extension", ()) if kind == "Observation")
    return diagnosed or attached or kind == "DocumentReference" or "valueString" in resource or "note" in resource


def _text(reason: dict[str, Any]) -> str:
    found = reason.get("text")
    return str(found.value) if isinstance(found, Leaf) else str(found or "")


def intent(c: Conversion, envelope: Envelope) -> Intent | None:
    """I12 opens, I13 amends, I14 cancels, I15 asks; other messages ask nothing."""
    if c.kind != "REF" or c.referral is None:
        return None
    own, _ = identifiers(c)
    path = "RF1[1]-6[1]"
    if c.event == "I15":
        return Inquire(own, path)
    if c.event == "I14":
        return Cancel(own, path, _question(c))
    content = _content(c, envelope)
    return Amend(own, path, content) if c.event == "I13" else Open(content)


def _content(c: Conversion, envelope: Envelope) -> Content:
    own, based = identifiers(c)
    receiving, claims = _receiver(c)
    request = c.referral.resource if c.referral else {}
    priority = request.get("priority", "routine")
    return Content(
        identifiers=own,
        identifier_path="RF1[1]-6[1]",
        receiver=tuple(claims),
        receiver_path=claims[0].path if claims else f"PRD[{receiving[0].occurrence if receiving else 1}]-7[1]",
        department=_department(c, receiving),
        priority=str(priority.value) if isinstance(priority, Leaf) else str(priority),
        question=_question(c),
        based_on=based,
        service_request=request,
    )


def _question(c: Conversion) -> str | None:
    reasons = c.referral.resource.get("reasonCode", ()) if c.referral else ()
    return "\n".join(text for reason in reasons if (text := _text(reason))) or None


def _readings(c: Conversion, name: str) -> Iterator[Reading]:
    return (s for s in c.readings if s.name == name)


def _receiver(c: Conversion) -> tuple[list[Reading], list[Claim]]:
    """The PRDs in the role of who is referred to, and the claims that they make; found once."""
    if c.receiving is None:
        readings = providers(c, REFERRED_TO)
        c.receiving = readings, _claims(c, readings)
    return c.receiving


def _claims(c: Conversion, receiving: list[Reading]) -> list[Claim]:
    """Ways to find the receiver: codes and facilities first, then exactly registered names."""
    leaves: list[tuple[Leaf, bool]] = []
    for s in receiving:
        for field, component, named in _PLACES:
            for repetition in s.each(field):
                if (leaf := repetition.leaf(component)) is not None:
                    leaves.append((leaf, named))
    if (leaf := c.readings[0].leaf(6)) is not None:
        leaves.append((leaf, True))
    claims = [Claim(kind, leaf.text.strip(), leaf.path) for leaf, _ in leaves for kind in ("code", "facility")]
    claims += [Claim("name", leaf.text.strip(), leaf.path) for leaf, named in leaves if named]
    return claims


def _department(c: Conversion, receiving: list[Reading]) -> str | None:
    """PRD-4's point of care or room (beside a facility), PRD-12, then PV1-3 and PV1-10."""
    for s in receiving:
        place = s.first(4)
        if place and place.leaf(4):
            found = place.text(1) or place.text(2) or place.text(9)
        else:
            found = (place.text(2) or place.text(9)) if place else ""
        found = found or s.text(12)
        if found:
            return found
    for visit in _readings(c, "PV1"):
        return visit.text(3) or visit.text(10, 2) or visit.text(10) or None
    return None

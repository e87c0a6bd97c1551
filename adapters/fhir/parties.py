"""To whom a referral is addressed: the claims of its performer and owner, and the department."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adapters.fhir.document import Document, Place, condition
from hub.domain.messages import Claim
from hub.domain.patients import Identifier

ORGANIZATION = "urn:referral-hub:organization"
"""Identifier system of organisations' codes."""

_EMPLOYER = {"PractitionerRole": "organization", "HealthcareService": "providedBy", "Location": "managingOrganization"}
_ORDER: tuple[str, ...] = ("code", "facility", "name")


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a reference names. departments: texts that name a part of the organisation, most exact first."""

    claims: tuple[Claim, ...]
    departments: tuple[str, ...]


def addressee(document: Document, *named: tuple[Place, str, dict[str, Any]]) -> Addressee:
    """Claims of references (holder, FHIRPath of the reference, Reference): codes, then facilities, then names."""
    departments: list[str] = []
    seen: set[str] = set()
    found = (claim for one in named for claim in _claims(document, *one, departments, seen))
    claims = sorted(dict.fromkeys(found), key=lambda claim: _ORDER.index(claim.kind))
    return Addressee(tuple(claims), tuple(departments))


def concept_text(concept: dict[str, Any]) -> str | None:
    """What a CodeableConcept says: its text, else a display, else a code."""
    codings = concept.get("coding", ())
    found = concept.get("text") or next((c["display"] for c in codings if c.get("display")), None)
    return found or next((c["code"] for c in codings if c.get("code")), None)


def _claims(document: Document, holder: Place, expression: str, reference: dict[str, Any],
            departments: list[str], seen: set[str]) -> Iterator[Claim]:  # fmt: skip
    """seen: places of which all is said already."""
    if reference.get("identifier"):
        yield from _identified([reference["identifier"]], f"{expression}.identifier")
    asked = condition(reference, "Organization", *_EMPLOYER)
    if asked is not None:
        yield _claim(asked, f"{expression}.reference")
    place = document.resolve(reference, holder)
    while place is not None and place.base not in seen:
        seen.add(place.base)
        resource = place.resource
        parent = resource.get(_EMPLOYER.get(place.type, "partOf"), {})
        if place.type in ("Organization", *_EMPLOYER):
            yield from _identified(resource.get("identifier", ()), f"{place.expression}.identifier")
        if place.type == "Organization" and resource.get("name"):
            yield Claim("name", resource["name"], f"{place.expression}.name")
        departments += _departments(place, bool(parent))
        if isinstance(parent, dict) and parent.get("identifier"):
            yield from _identified([parent["identifier"]], f"{place.expression}.identifier")
        if isinstance(parent, dict) and parent.get("display"):
            yield Claim("name", parent["display"], place.expression)
        place = document.resolve(parent, place)
    if reference.get("display"):
        yield Claim("name", reference["display"], f"{expression}.display")


def _identified(identifiers: Any, expression: str) -> Iterator[Claim]:
    for number, identifier in enumerate(identifiers):
        if identifier.get("value"):
            where = expression if len(identifiers) == 1 else f"{expression}[{number}]"
            yield _claim(Identifier(str(identifier.get("system", "")), identifier["value"]), f"{where}.value")


def _claim(identifier: Identifier, expression: str) -> Claim:
    return Claim("code" if identifier.system == ORGANIZATION else "facility", identifier.value, expression)


def _departments(place: Place, part_of_another: bool) -> Iterator[str]:
    resource = place.resource
    if place.type in ("HealthcareService", "Location") and resource.get("name"):
        yield resource["name"]
    if place.type == "Organization" and part_of_another and resource.get("name"):
        yield resource["name"]
    for concept in (*resource.get("specialty", ()), *(resource.get("code", ()) if "Role" in place.type else ())):
        text = concept_text(concept)
        if text:
            yield text

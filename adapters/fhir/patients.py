"""Of whom a document speaks: its Patients, logical references to them, and which resource is about which."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.fhir.document import Document, Place, condition, fhirpath, hub_id
from adapters.fhir.validation import elements
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Citation, Resource
from hub.domain.messages import Merge, Part
from hub.domain.patients import Identifier, Identity, type_of

_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
SUBJECTS = ("subject", "patient", "for", "beneficiary", "individual")
"""Elements that name the patient whom a resource is about, in FHIR's resource types."""


def identity(patient: Resource) -> Identity:
    """Who a Patient resource says that the patient is; old and withdrawn identifiers and names are left out."""
    names = [n for n in patient.get("name", ()) if n.get("use") not in ("old", "maiden")]
    names.sort(key=lambda name: (name.get("use") not in ("official", "usual", None), _is_reading(name)))
    return Identity(
        name=next(filter(None, map(_name, names)), None),
        gender=patient.get("gender"),
        birth_date=patient.get("birthDate"),
        identifiers=tuple(_identifiers(patient.get("identifier", ()))),
    )


def _is_reading(name: dict[str, Any]) -> bool:
    """Whether it is how a name is read, in letters or syllables, beside its own characters: pinyin, kana."""
    told = (e.get("valueCode") for e in name.get("extension", ()) if e.get("url") == _REPRESENTATION)
    return any(code in ("ABC", "SYL") for code in told)


def _name(name: dict[str, Any]) -> str:
    if name.get("text"):
        return str(name["text"])
    given, family = name.get("given", ()), name.get("family", "")
    if any(ord(c) > 0x2E80 for c in family):  # Chinese, Japanese, Korean: family name first, no space
        return "".join([family, *(g for g in given if g)])
    return " ".join([*(g for g in given if g), family]).strip()


def _identifiers(values: Any) -> Iterator[Identifier]:
    for item in values:
        if item.get("value") and item.get("use") != "old":
            yield Identifier(str(item.get("system", "")), str(item["value"]), type_of(item))


@dataclass(frozen=True, slots=True)
class Register:
    """What the hub already knows and the sender may know, for references to it.

    patient: who `Patient/<id>` is; patient_of: the id of a referral's patient; None where the sender may not see it.
    existing: ids of what the sender has given, by type, identifier and whose it is.
    """

    patient: Callable[[str], Identity | None] = lambda _: None
    patient_of: Callable[[str], str | None] = lambda _: None
    existing: Callable[[str, Identifier, Identity], Sequence[str]] = lambda *_: ()


class Patients:
    """The Patient parts of a document, each once, in order of their first mention."""

    def __init__(self, document: Document, register: Register, linked: frozenset[str] = frozenset()) -> None:
        """linked: ids of the hub's patient whom the referral in question is about; of what names them `of` is None."""
        self.parts: list[Part] = []
        self._index: dict[str, int] = {}
        self._who: list[Identity] = []
        self._known: dict[Identifier, str] = {}
        self._document = document
        self._register = register
        self._linked = linked
        self.links = False
        for place in document.of_type("Patient"):
            self._add(place.base, Part(place.resource, place.base, None))

    def of(self, place: Place) -> int | None:
        """Index of the patient whom the resource is about; None: it names nobody.

        Raises Refused: a reference that nothing in the document resolves and that carries no identifier (the hub
        never guesses whose a fact is).
        """
        for element, reference in _subjects(place.resource):
            found = self._document.resolve(reference, place)
            if found is not None and found.type == "Patient":
                return self._stands(found)
            if found is None and hub_id(reference, "Patient") in self._linked:
                self.links = True
                return None
            if found is None and _names_patient(reference, element):
                return self._logical(place, element, reference)
        return None

    def main(self, subjects: list[int | None]) -> int:
        """Index of the patient whom most of these are about. Raises Refused when the document names none."""
        counted = Counter(i for i in subjects if i is not None)
        if counted:
            return counted.most_common(1)[0][0]
        if not self.parts:
            raise Refused(self._nobody())
        return 0

    def merges(self) -> tuple[Merge, ...]:
        """What Patient.link says of who is who: what replaces, what is replaced, and two that are one (seealso).

        The prior patient may be named by its number alone; the surviving one stands in the document.
        """
        found: dict[tuple[int, int | Identity], Merge] = {}
        for place in self._document.of_type("Patient"):
            for number, link in enumerate(place.resource.get("link", ())):
                merge = self._merge(place, link, f"{place.expression}.link[{number}].other")
                if merge is not None:
                    other = merge.prior if merge.part is None else merge.part
                    found.setdefault((merge.surviving, other), merge)
        return tuple(found.values())

    def _merge(self, place: Place, link: dict[str, Any], path: str) -> Merge | None:
        linked = self._document.resolve(link["other"], place)
        here = self._index[place.base]
        there = self._index.get(linked.base) if linked else None
        kind = link.get("type")
        if there is None and kind == "replaces":
            prior = identity({"identifier": [link["other"].get("identifier", {})]})
            return Merge("patient", here, prior, path=path) if prior.identifiers else None
        if there is None or there == here or kind in (None, "refer"):
            return None
        if kind == "replaced-by" or (kind == "seealso" and there < here):
            here, there = there, here
        return Merge("patient", here, self._who[there], there, path=path)

    def _nobody(self) -> Refusal:
        text = "a Patient or an identifier of one is expected"
        if self._document.is_bundle:
            return Refusal(Cause.REQUIRED_MISSING, "Bundle.entry", text)
        kind = self._document.places[0].type
        named = [name for name in (*SUBJECTS, "participant") if name in elements(kind)]
        if not named:
            return Refusal(Cause.UNSUPPORTED_TYPE, kind, "the hub keeps what is said of a patient: this names none")
        return Refusal(Cause.REQUIRED_MISSING, f"{kind}.{named[0]}", text)

    def _stands(self, place: Place) -> int:
        """The Patient at a place; of a Bundle within the document the one that shares a number with it."""
        if place.scope and place.base not in self._index:
            shared = (self._known.get(each) for each in identity(place.resource).identifiers)
            known = next((name for name in shared if name is not None), None)
            if known is not None:
                self._index[place.base] = self._index[known]
        return self._add(place.base, Part(place.resource, place.base, None))

    def _add(self, name: str, part: Part) -> int:
        if name not in self._index:
            self._index[name] = len(self.parts)
            self.parts.append(part)
            self._who.append(identity(part.resource))
            for number in self._who[-1].identifiers:
                self._known.setdefault(number, name)
        return self._index[name]

    def _logical(self, place: Place, element: str, reference: dict[str, Any]) -> int:
        pointer = f"{place.base}/{element}"
        patient, citations = _stated(reference, pointer)
        hub = hub_id(reference, "Patient")
        known = self._register.patient(hub) if hub and not patient["identifier"] else None
        if known and known.identifiers:
            literal = str(reference["reference"])
            patient["identifier"] = [{"system": i.system, "value": i.value} for i in known.identifiers]
            citations = (Citation("/identifier/0/value", f"{pointer}/reference", literal),)
        if not patient["identifier"]:
            expression = f"{place.expression}.{fhirpath(element)}"
            raise Refused(Refusal(Cause.UNKNOWN_KEY, expression, "names no one resource of this document"))
        wanted = identity(patient).identifiers[0]
        name = self._known.get(wanted, f"{wanted.system}|{wanted.value}")
        return self._add(name, Part(patient, pointer, None, citations))


def _subjects(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in SUBJECTS:
        if isinstance(resource.get(name), dict):
            yield name, resource[name]
    for number, participant in enumerate(resource.get("participant", ())):
        if isinstance(participant, dict) and isinstance(participant.get("actor"), dict):
            yield f"participant/{number}/actor", participant["actor"]


def _names_patient(reference: dict[str, Any], element: str) -> bool:
    literal = str(reference.get("reference", ""))
    kind = (
        str(reference.get("type", ""))
        or re.split(r"[/?]", literal.rsplit("/", 2)[-2] if "/" in literal else literal)[0]
    )
    if kind and not kind.startswith("urn:"):
        return kind == "Patient"
    return bool(literal or reference.get("identifier")) and element in SUBJECTS


def _stated(reference: dict[str, Any], pointer: str) -> tuple[Resource, tuple[Citation, ...]]:
    """What a reference alone says of a patient, as a Patient resource and where it says it."""
    literal = str(reference.get("reference", ""))
    identifier = reference.get("identifier", {})
    cited = [Citation(f"/identifier/0/{k}", f"{pointer}/identifier/{k}", v)
             for k, v in identifier.items() if isinstance(v, str)]  # fmt: skip
    asked = condition(reference, "Patient")
    if asked is not None:
        identifier = {"system": asked.system, "value": asked.value} if asked.system else {"value": asked.value}
        cited = [Citation("/identifier/0/value", f"{pointer}/reference", literal)]
    patient: Resource = {"resourceType": "Patient", "identifier": [identifier] if identifier.get("value") else []}
    if reference.get("display"):
        patient["name"] = [{"text": reference["display"]}]
        cited.append(Citation("/name/0/text", f"{pointer}/display", str(reference["display"])))
    return patient, tuple(cited)

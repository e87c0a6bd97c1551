"""A message Bundle to write from: its resources by reference and type, and the marks (`maps.marks`) in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

from adapters.hl7v2.maps.marks import AS_SENT, REPEATS
from hub.domain.fragments import Resource

_SUBJECTS = ("subject", "patient", "beneficiary")


class Graph:
    """The Bundle's resources, but for those that repeat others: a reference resolves within it by fullUrl, and by type
    and id."""

    def __init__(self, bundle: Resource) -> None:
        self.bundle = bundle
        self.resources: list[Resource] = []
        self._known: dict[str, Resource] = {}
        for entry in bundle.get("entry", ()):
            resource = entry.get("resource")
            if not resource:
                continue
            if not mark(resource, REPEATS):
                self.resources.append(resource)
            if "fullUrl" in entry:
                self._known[entry["fullUrl"]] = resource
            if "id" in resource:
                self._known.setdefault(f"{resource['resourceType']}/{resource['id']}", resource)

    def all(self, *kinds: str) -> list[Resource]:
        """Every resource of these types, in the Bundle's order."""
        return [resource for resource in self.resources if resource["resourceType"] in kinds]

    def about(self, patient: Resource) -> Graph:
        """The same without what is about another patient, and without the others."""
        part = copy(self)
        part.resources = [one for one in self.resources if self._subject(one) in (None, patient)]
        return part

    def _subject(self, resource: Resource) -> Resource | None:
        if resource["resourceType"] == "Patient":
            return resource
        named = (self.resolve(resource[name], resource) for name in _SUBJECTS if isinstance(resource.get(name), dict))
        return next((one for one in named if one and one["resourceType"] == "Patient"), None)

    def first(self, kind: str) -> Resource | None:
        return next((r for r in self.resources if r["resourceType"] == kind), None)

    def resolve(self, reference: Mapping[str, Any] | None, holder: Resource | None = None) -> Resource | None:
        """What a reference points to: in the Bundle, or contained in `holder`; a bare identifier or display is made
        a party of that name, so that it can be written as one."""
        if not reference:
            return None
        target = str(reference.get("reference", ""))
        if target.startswith("#"):
            return next((c for c in (holder or {}).get("contained", ()) if c.get("id") == target[1:]), None)
        found = self._known.get(target) or self._known.get("/".join(target.split("/")[-2:]))
        if found is not None or not ("display" in reference or "identifier" in reference):
            return found
        return _party(reference)


def _party(reference: Mapping[str, Any]) -> Resource | None:
    kind = reference.get("type") or "Practitioner"
    made: Resource = {"resourceType": kind}
    if "identifier" in reference:
        made["identifier"] = [reference["identifier"]]
    shown = reference.get("display")
    if shown:
        made["name"] = shown if kind in ("Organization", "Location") else [{"text": shown}]
    return made


def extensions(node: Mapping[str, Any], url: str) -> Iterator[Mapping[str, Any]]:
    return (found for found in node.get("extension", ()) if found.get("url") == url)


def extension(node: Mapping[str, Any], url: str) -> Any:
    """The value of the first extension with this url, whatever its type; None without."""
    for found in extensions(node, url):
        return next((value for key, value in found.items() if key.startswith("value")), None)
    return None


def codes_of(concept: Mapping[str, Any]) -> set[str]:
    """The codes of a CodeableConcept, of whatever system."""
    return {str(coding["code"]) for coding in concept.get("coding", ()) if "code" in coding}


def mark(node: Mapping[str, Any], kind: str, element: str | None = None, index: int = 0) -> str:
    """A mark on a value, or on one of its primitive elements (`index` of a list); "" without."""
    if element is None:
        return str(extension(node, kind) or "")
    beside = node.get(f"_{element}")
    if isinstance(beside, list):
        beside = beside[index] if index < len(beside) else None
    return str(extension(beside, kind) or "") if beside else ""


def sent(node: Mapping[str, Any], element: str) -> str:
    """A primitive element as its sender wrote it, "" where that is the usual form."""
    return mark(node, AS_SENT, element)


def text(node: Mapping[str, Any], element: str) -> str:
    """A primitive element as text, as its sender wrote it where that is known."""
    value = node.get(element)
    if value is None:
        return ""
    return mark(node, AS_SENT, element) or str(value)

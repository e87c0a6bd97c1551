"""A received FHIR document: its JSON, its key, and where each resource of it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import unquote

from hub.domain.fragments import Resource
from hub.domain.messages import Envelope
from hub.domain.patients import Identifier

VERSION = "4.0.1"
_HTTP = re.compile(r"https?://")


@dataclass(frozen=True, slots=True)
class Key:
    """What an equal request is known by. kind: which register it is of (`Bundle.identifier` system, header name)."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Place:
    """One resource of a document. base: JSON pointer; expression: FHIRPath; holder: whose `contained` it is in; scope:
    base of the Bundle whose entry it is."""

    resource: Resource
    base: str
    expression: str
    full_url: str = ""
    entry: int | None = None
    holder: Place | None = None
    scope: str = ""

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])


@dataclass(frozen=True, slots=True)
class Document:
    """A Bundle's entries, or a single resource, with what its references name."""

    root: Resource
    places: tuple[Place, ...]
    _names: Mapping[tuple[str, str], Place | None] = field(default_factory=dict, repr=False)
    """By scope and name. None: what names different resources names none."""
    _inside: dict[str, Mapping[str, Place]] = field(default_factory=dict, repr=False)
    """By the base of a resource, what it contains by `#id`: once it is asked for."""

    @property
    def is_bundle(self) -> bool:
        return bool(self.root["resourceType"] == "Bundle")

    def every(self) -> Iterator[Place]:
        """The entries, and after each Bundle among them its own: the document that a message brings."""
        for place in self.places:
            yield place
            yield from _bundled(place)

    def of_type(self, *types: str) -> tuple[Place, ...]:
        """The entries of these types, in document order."""
        return tuple(place for place in self.places if place.type in types)

    def resolve(self, reference: object, holder: Place) -> Place | None:
        """The resource of this document that a Reference names (R4, 2.36.4.1): `#id`, a fullUrl, `Type/id` at the
        server of the holder's fullUrl; else the only resource of that type and id, unless it is another server's.
        Within a Bundle that is an entry, that Bundle's own come first."""
        name = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(name, str) or not name:
            return None
        owner = holder.holder or holder
        if name.startswith("#"):
            if owner.base not in self._inside:
                named = (p for p in contained(owner) if p.resource.get("id"))
                self._inside[owner.base] = {f"#{p.resource['id']}": p for p in reversed(list(named))}
            return self._inside[owner.base].get(name, owner if name == "#" and holder.holder else None)
        plain = name.split("/_history/", 1)[0]
        local = "/".join(plain.rsplit("/", 2)[-2:])
        server = owner.full_url.rsplit("/", 2)[0] if _HTTP.match(owner.full_url) and plain == local else ""
        exact = f"{server}/{local}" if server else plain
        for scope in dict.fromkeys((owner.scope, "")):
            if (scope, exact) in self._names:
                return self._names[scope, exact]
            if (scope, local) in self._names:
                near = self._names[scope, local]
                return None if near is not None and plain != local and _HTTP.match(near.full_url) else near
        return None


def contained(holder: Place) -> Iterator[Place]:
    """The resources that a resource contains."""
    for index, child in enumerate(holder.resource.get("contained", ())):
        yield Place(child, f"{holder.base}/contained/{index}", f"{holder.expression}.contained[{index}]", holder=holder)


def fhirpath(pointer: str) -> str:
    """A JSON pointer below a resource (without its first slash) as FHIRPath: `participant/0/actor`."""
    path = ""
    for step in pointer.split("/"):
        path += f"[{step}]" if step.isdigit() else f".{step}" if path else step
    return path


def index(root: Resource) -> Document:
    """The document with its places; `root` is valid FHIR."""
    if root["resourceType"] != "Bundle":
        place = Place(root, "", str(root["resourceType"]))
        return Document(root, (place,), {("", name): place for name in _names(place)})
    names: dict[tuple[str, str], Place | None] = {}
    document = Document(root, tuple(_entries(root, "", "Bundle")), names)
    for place in document.every():
        for name in _names(place):
            known = names.setdefault((place.scope, name), place)
            if known is not None and known.resource != place.resource:
                names[place.scope, name] = None
    return document


def _bundled(holder: Place) -> Iterator[Place]:
    if holder.type == "Bundle":
        for place in _entries(holder.resource, holder.base, holder.expression, holder.entry):
            yield place
            yield from _bundled(place)


def _entries(bundle: Resource, base: str, expression: str, entry: int | None = None) -> Iterator[Place]:
    """entry: the outermost, where the Bundle is in one."""
    for i, each in enumerate(bundle.get("entry", ())):
        if "resource" in each:
            here, named = f"{base}/entry/{i}/resource", f"{expression}.entry[{i}].resource"
            number = i if entry is None else entry
            yield Place(each["resource"], here, named, each.get("fullUrl", ""), number, scope=base)


def _names(place: Place) -> set[str]:
    names = {place.full_url, "/".join(place.full_url.rsplit("/", 2)[-2:])} if place.full_url else set()
    return names | ({f"{place.type}/{place.resource['id']}"} if place.resource.get("id") else set())


def condition(reference: object, *types: str) -> Identifier | None:
    """What a conditional reference names (R4, 3.1.0.11.1): the Identifier in `Patient?identifier=system|value`.

    None for another kind of reference, and for conditions of anything else.
    """
    literal = reference.get("reference") if isinstance(reference, dict) else None
    kind, asked, query = literal.partition("?") if isinstance(literal, str) else ("", "", "")
    return identifier_of(query) if asked and kind.rpartition("/")[2] in types else None


def identifier_of(query: str) -> Identifier | None:
    """The one Identifier that a search by `identifier=system|value` asks for."""
    name, _, value = query.removeprefix("?").partition("=")
    if name != "identifier" or not value or "&" in value or "," in value:
        return None
    system, _, number = unquote(value).rpartition("|")
    return Identifier(system, number) if number else None


def hub_id(reference: object, *types: str) -> str | None:
    """The id in `ServiceRequest/<id>`, also absolute or with a version; None for what names another kind of thing."""
    literal = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(literal, str):
        return None
    steps = literal.split("/_history/", 1)[0].split("/")
    return steps[-1] if len(steps) >= 2 and steps[-2] in types else None


def envelope(resource: Resource | None, request: Key | None = None) -> Envelope:
    """What is known of the document without normalising it, by whatever of it is readable.

    The key is Bundle.identifier, else MessageHeader.id, else the request's; its kind stands in `application`, so
    that equal values of two registers are two keys.
    """
    kind = str(resource.get("resourceType", "")) if resource else ""
    if resource and kind == "Bundle":
        kind = f"Bundle/{resource.get('type', '')}"
    key = (_own_key(resource) if resource else None) or request or Key("", "")
    return Envelope("fhir", kind[:80], key.value[:256], VERSION, "UTF-8", application=key.kind[:256])


def request_key(header: str, value: str, *of: bytes) -> Key | None:
    """The key that a request header gives; what else must be equal for the request to be the same one goes in `of`."""
    if not value:
        return None
    digest = sha256(b"\0".join(of)).hexdigest() if of else ""
    return Key(f"{header}:{digest}" if digest else header, value)


def _own_key(resource: Resource) -> Key | None:
    identifier = resource.get("identifier")
    if resource.get("resourceType") != "Bundle":
        return None
    if isinstance(identifier, dict) and isinstance(identifier.get("value"), str) and identifier["value"]:
        return Key(str(identifier.get("system") or "Bundle.identifier"), identifier["value"])
    entries = resource.get("entry")
    first = entries[0] if isinstance(entries, list) and entries and isinstance(entries[0], dict) else {}
    header = first.get("resource")
    if isinstance(header, dict) and header.get("resourceType") == "MessageHeader" and header.get("id"):
        return Key("MessageHeader.id", str(header["id"]))
    return None

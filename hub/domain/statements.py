"""The statements of a continuous record: whatever it says that cites sources, and how a page names one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from hub.domain.quotations import Place

Document = Mapping[str, Any]
"""A record as CONTRACTS.md has it."""

Part = Literal["item", "passage", "unplaced", "conflict", "question", "patient"]
PARTS: tuple[Part, ...] = ("item", "passage", "unplaced", "conflict", "question", "patient")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. part, name: how a page names it (`item=i7`, `passage=0`, `conflict=conflict-1`, `question=1`).

    kind: of an item its kind, else the part; sources: as in the record.
    """

    part: Part
    name: str
    kind: str
    text: str
    sources: Sequence[Mapping[str, Any]]

    @property
    def key(self) -> str:
        return key(self.kind, self.text, self.sources)


def key(kind: str, text: str, sources: Sequence[Mapping[str, Any]]) -> str:
    """What a statement is known by in a later record, where its item has another id: what it says, and of what."""
    places = {(s["message_id"], s["location"]["path"], s["location"]["start"], s["location"]["end"]) for s in sources}
    return sha256(repr((kind, text, sorted(places))).encode()).hexdigest()


def key_of_item(item: Mapping[str, Any]) -> str:
    """The key of an item of a record's sections."""
    return key(item["kind"], item["text"], item["sources"])


def items(document: Document) -> Iterator[Mapping[str, Any]]:
    """Every item, section by section."""
    for section in document.get("sections", {}).values():
        yield from section


def find(document: Document, part: Part, name: str) -> Statement | None:
    """The statement of that name, None where the record has none."""
    match part:
        case "item":
            found = next((i for i in items(document) if i["id"] == name), None)
            return Statement(part, name, found["kind"], found["text"], found["sources"]) if found else None
        case "conflict":
            return _conflict(document, name)
        case "passage" | "unplaced":
            listed = document.get("passages" if part == "passage" else "unplaced", ())
            number = int(name) if name.isascii() and name.isdigit() and len(name) < 9 else len(listed)
            one = listed[number] if number < len(listed) else None
            return Statement(part, name, part, one["text"], one["sources"]) if one else None
        case "question" | "patient":
            said = document.get(part)
            text = (said.get("text") or said.get("name") or "") if said else ""
            return Statement(part, name, part, text, said["sources"]) if said else None


def _conflict(document: Document, name: str) -> Statement | None:
    found = next((c for c in document.get("conflicts", ()) if c["id"] == name), None)
    if found is None:
        return None
    sources = [s for i in items(document) if i["id"] in found["item_ids"] for s in i["sources"]]
    if not found["item_ids"] and document.get("patient"):
        sources = list(document["patient"]["sources"])
    return Statement("conflict", name, "conflict", found["text"], sources)


def sources(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every source anywhere in a record or a part of it."""
    if isinstance(value, dict):
        if "location" in value and "message_id" in value:
            yield value
        else:
            for child in value.values():
                yield from sources(child)
    elif isinstance(value, list):
        for child in value:
            yield from sources(child)


def place(source: Mapping[str, Any]) -> Place:
    """Where a source stands."""
    location = source["location"]
    return Place(location["kind"], location["path"], location["start"], location["end"])

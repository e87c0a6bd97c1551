"""TXA with its OBX lines, and the notes of a message: DocumentReference."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from adapters.hl7v2.maps.actors import practitioner
from adapters.hl7v2.maps.attachments import ATTACHMENT, attachment, pointer
from adapters.hl7v2.maps.conversion import Conversion, Entry
from adapters.hl7v2.maps.datatypes import concept, instant
from adapters.hl7v2.maps.marks import AS_SENT, LINE_STATUS, OWN, VALUE_TYPE, broken, mark
from adapters.hl7v2.maps.parties import entity_identifier
from adapters.hl7v2.maps.reading import Joined, Leaf, Reading, joined
from adapters.hl7v2.maps.sheets import apply

PRESENTATION = OWN + "content-presentation"
"""TXA-3, where it is not TX of a text or AP of another content."""
_TEXT = frozenset({"TX", "FT", "ST", ""})
_DOCUMENT = {
    "entered-in-error": "entered-in-error", "cancelled": "entered-in-error", "corrected": "amended",
    "amended": "amended", "preliminary": "preliminary", "registered": "preliminary", "final": "final",
}  # fmt: skip
"""Observation.status to DocumentReference.docStatus; what is withdrawn is no document any more."""
_REPLACING = frozenset({"T06", "T07", "T08", "T09", "T10"})
"""Events that supersede the earlier document (CONTRACTS.md); T05 and T03 tell only that something happens. An addendum
(T06) that names its parent is a document beside that one, which "remains in place" (HL7 chapter 9)."""


def txa(c: Conversion, s: Reading) -> None:
    """DocumentReference; T07-T10 replace the document that they name, T06 adds to it, T11 takes it back."""
    made: dict[str, Any] = {"resourceType": "DocumentReference", "status": "current"}
    entry = c.add(made, s.leaf(4), s.leaf(6))
    apply(c, "TXA[DocumentReference]", s, made)
    if "date" not in made and (when := s.first(4)) and (time := instant(c, when)):
        made["date"] = time
    if completion := c.looked_up("document-status", s.leaf(17)):
        made["docStatus"] = completion
    _availability(c, s, made)
    _relations(c, s, made)
    made["subject"] = c.subject()
    if c.encounter:
        made.setdefault("context", {})["encounter"] = [c.encounter.reference]
    for field, kind in ((14, "PLAC"), (15, "FILL")):
        for repetition in s.each(field):
            value = entity_identifier(kind)(c, repetition)
            if value:
                related = {"type": "ServiceRequest", "identifier": value}
                made.setdefault("context", {}).setdefault("related", []).append(related)
    made["content"] = [{"attachment": {"contentType": "text/plain"}}]
    presented = s.leaf(3)
    if presented:
        entry.also.append((presented, "/content/0/attachment/contentType"))
        made.setdefault("extension", []).append({"url": PRESENTATION, "valueString": presented})
    if c.report:
        _ordered(c, made)
        _present(made)
        return
    c.document = c.observed = entry
    c.request = None
    c.lines[id(entry)] = []


def _ordered(c: Conversion, made: dict[str, Any]) -> None:
    """A document in an order's results (ORDER_DOCUMENT of ORU and OUL): the OBX before it is its content, those behind
    it are results."""
    observed, c.observed = c.observed, None
    if observed is None or observed.resource["resourceType"] != "Observation":
        return
    made.setdefault("context", {}).setdefault("related", []).append(observed.reference)
    forms = [one for one in observed.resource.get("extension", ()) if one["url"] == ATTACHMENT]
    if forms:
        made["content"] = [{"attachment": dict(one["valueAttachment"])} for one in forms]


def _availability(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    if c.kind == "MDM" and c.event == "T11":
        made["status"] = "entered-in-error"
    elif status := c.looked_up("document-availability", s.leaf(19)):
        made["status"] = status


def _relations(c: Conversion, s: Reading, made: dict[str, Any]) -> None:
    parent = s.first(13)
    target = entity_identifier()(c, parent) if parent else None
    if c.kind == "MDM" and c.event in _REPLACING and not (c.event == "T06" and target):
        own = s.first(12)
        named = target or (entity_identifier()(c, own) if own else None)
        if named:
            made["relatesTo"] = [{"code": "replaces", "target": {"identifier": named}}]
    elif target:
        made["relatesTo"] = [{"code": "appends", "target": {"identifier": target}}]


def document_line(c: Conversion, s: Reading, kind: str) -> bool:
    """An OBX after TXA: text joins the document, what is attached or pointed to becomes content; else False."""
    entry = c.document
    if entry is None:
        return False
    content: list[dict[str, Any]] = entry.resource["content"]
    if kind in _TEXT:
        lines = [line for repetition in s.each(5) if (line := repetition.prose())]
        entry.lines += broken([str(line.value) for line in lines])
        c.lines[id(entry)].extend(lines)
        place = "/content/0/attachment"
    elif kind in ("ED", "RP"):
        made = [found for repetition in s.each(5)
                if (found := attachment(repetition, empty=True) if kind == "ED" else pointer(repetition))]  # fmt: skip
        if not made:
            return False
        content.extend({"attachment": one} for one in made)
        place = f"/content/{len(content) - 1}/attachment"
    else:
        return False
    _describe(c, s, entry, place)
    return True


def _describe(c: Conversion, s: Reading, entry: Entry, place: str) -> None:
    """OBX-2, -3, -11, -14 of a line: the document's category; what repeats is mapped to it."""
    what = s.first(3)
    category = concept(c, what) if what else None
    if category:
        held = entry.resource.setdefault("category", [])
        number = c.categories.setdefault((id(entry), s.fields[3]), len(held))
        if number == len(held):
            held.append(category)
        else:
            entry.twins.append((f"/category/{number}", category))
    if kind := s.leaf(2):
        entry.also.append((kind, place))
    c.told.setdefault(id(entry), []).append(s)
    entry.recorded.append(s.leaf(14))


def close_texts(c: Conversion) -> None:
    """Write the joined text of each document, and of each result that goes on over several segments."""
    for entry in c.entries:
        lines = c.lines.get(id(entry))
        if lines is None:
            continue
        if entry.resource["resourceType"] == "Observation":
            entry.resource["valueString"] = joined(lines)
            continue
        _state(c, entry)
        _tell(entry.resource, c.told.get(id(entry), ()))
        content: list[dict[str, Any]] = entry.resource["content"]
        if lines:
            content[0]["attachment"]["data"] = _encoded(lines)
        elif len(content) > 1:
            _shift(entry, content)
        _present(entry.resource)


def _state(c: Conversion, entry: Entry) -> None:
    """OBX-11 of all lines: withdrawn (D, W, X), else corrected (C), else how complete, unless TXA-17 says it."""
    made = entry.resource
    states: dict[str | None, list[Leaf]] = {}
    for leaf in (s.leaf(11) for s in c.told.get(id(entry), ())):
        if leaf:
            state = c.looked_up("observation-status", leaf)
            states.setdefault(_DOCUMENT.get(str(state.value)) if state else None, []).append(leaf)
    if list(states) == ["entered-in-error"]:
        made["status"] = Joined("entered-in-error", states["entered-in-error"])
    elif leaves := states.get("amended"):
        told = made.get("docStatus")
        if isinstance(told, Leaf):
            mark(made, AS_SENT, told.text.strip(), "docStatus")
        made["docStatus"] = Joined("amended", [*([told] if isinstance(told, Leaf) else []), *leaves])
        if (own := made.get("masterIdentifier")) and "relatesTo" not in made:
            made["relatesTo"] = [{"code": "replaces", "target": {"identifier": dict(own)}}]
    elif found := next((one for one in ("preliminary", "final") if one in states), None):
        told = made.setdefault("docStatus", Joined(found, states[found]))
        if isinstance(told, Leaf) and told.value == found:
            entry.also += [(leaf, "/docStatus") for leaf in states[found]]


def _tell(made: dict[str, Any], lines: Sequence[Reading]) -> None:
    """How each OBX of a document was told, where any is another than a final TX (or what is attached, behind it)."""
    lines = sorted(lines, key=lambda s: s.text(2) in ("ED", "RP"))
    for url, field, usual in ((VALUE_TYPE, 2, ("TX", "ED", "RP", "")), (LINE_STATUS, 11, ("F", ""))):
        said = [s.text(field) for s in lines]
        if not set(said) <= set(usual):
            mark(made, url, " ".join(one or "-" for one in said))


def _present(made: dict[str, Any]) -> None:
    """TXA-3 is told where it is neither TX of a text nor AP of another content."""
    kind = made["content"][0]["attachment"].get("contentType", "text")
    plain = str(kind.value if isinstance(kind, Leaf | Joined) else kind).startswith("text")
    usual = "TX" if plain else "AP"
    held = made.pop("extension", [])
    kept = [one for one in held if one["url"] != PRESENTATION or one["valueString"].text.strip() != usual]
    if kept:
        made["extension"] = kept


def _shift(entry: Entry, content: list[dict[str, Any]]) -> None:
    """No text: the first attachment is the content."""
    content.pop(0)
    entry.also = [(leaf, _moved(place)) for leaf, place in entry.also]


def _moved(place: str) -> str:
    parts = place.split("/")
    if len(parts) < 3 or parts[1] != "content":
        return place
    index = max(int(parts[2]) - 1, 0)
    return f"/content/{index}/attachment"


def _encoded(lines: list[Joined]) -> Joined:
    """Lines as base64 of UTF-8."""
    text = joined(lines)
    return Joined(base64.b64encode(str(text.value).encode()).decode(), text.sources)


def message_notes(c: Conversion) -> None:
    """The NTEs of the whole message as notes of the patient (of each, where it has several), a line each; those of
    another source, kind or time (NTE-2, -4, -7 to -9: medicines, reason for the consultation) are another note."""
    told: dict[int, list[Reading]] = {}
    numbers = {id(patient): number for number, patient in enumerate(c.patients)}
    for patient, s in c.notes:
        told.setdefault(numbers[id(patient)] if patient else 0, []).append(s)
    for number, found in told.items():
        patient = c.patients[number] if c.patients else None
        for _, segments in groupby(found, _about):
            for one in _by_author(segments):
                _note(c, patient, one)


def _by_author(segments: Iterable[Reading]) -> list[list[Reading]]:
    """Where another one wrote it, it is another note; a line that names nobody goes on."""
    found: list[list[Reading]] = []
    writer = ""
    for s in segments:
        own = s.fields[5] if s.name == "NTE" and len(s.fields) > 5 else ""
        if not found or (own and own != writer):
            found.append([])
            writer = own
        found[-1].append(s)
    return found


def _about(s: Reading) -> tuple[str, ...]:
    """What notes share that stand in one: all that `NTE[DocumentReference]` reads."""
    told = (2, 4, 7, 8, 9) if s.name == "NTE" else ()
    return (s.name, *(s.fields[n] if n < len(s.fields) else "" for n in told))


def _note(c: Conversion, patient: Entry | None, segments: list[Reading]) -> None:
    lines: list[Joined] = []
    writer: Any = None
    told = ""
    for s in segments:
        found = [line for repetition in s.each(3) if (line := repetition.prose())]
        author = s.first(5)
        who = practitioner(c, author) if author else None
        told += broken([str(line.value) for line in found], "S" if who and writer else "s")
        lines += found
        writer = writer or who
    if not lines:
        return
    made: dict[str, Any] = {"resourceType": "DocumentReference", "status": "current"}
    if c.kind == "REF":
        made["type"] = {"coding": [{"system": "http://loinc.org", "code": "57133-1"}]}
    made["subject"] = patient.reference if patient else {}
    header = c.entries[0].recorded[0]
    sent = c.clock.instant(header.text) if header else None
    if header and sent:
        made["date"] = header.give(sent)
    if writer:
        made["author"] = [writer]
    made["content"] = [{"attachment": {"contentType": "text/plain", "data": _encoded(lines)}}]
    entry = c.add(made, *(s.leaf(6) for s in segments))
    if segments[0].name == "NTE":
        apply(c, "NTE[DocumentReference]", segments[0], made)
        entry.twins += [("", apply(c, "NTE[DocumentReference]", s, {})) for s in segments[1:]]
    entry.lines = told
    entry.patient = patient
    if c.referral:
        c.referral.resource.setdefault("supportingInfo", []).append(entry.reference)

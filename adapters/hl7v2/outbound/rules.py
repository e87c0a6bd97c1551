"""Rule sheets read backwards: the same rows that say what a field becomes say where an element comes from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from adapters.hl7v2.maps.dialect import standard
from adapters.hl7v2.maps.marks import AS_SENT, FIELD, SEGMENT
from adapters.hl7v2.outbound import datatypes, names, parties
from adapters.hl7v2.outbound.datatypes import Inverse, Writing
from adapters.hl7v2.outbound.graph import extensions, mark
from adapters.hl7v2.outbound.values import Repetition, Segment, clean, subcomponents

INVERSES: Mapping[str, Callable[..., Inverse]] = {
    **{name: (lambda inverse=inverse, **_: inverse) for name, inverse in {
        "string": datatypes.string, "text": datatypes.string, "prose": datatypes.string, "word": datatypes.concept,
        "note": datatypes.note,
        "language-tag": datatypes.string, "name-text": names.name_text, "nickname": names.called_by,
        "coded-identifier": parties.coded_identifier, "interpreter": parties.interpreter,
        "party": parties.party_reference, "site": parties.party_reference,
        "uri": datatypes.uri, "boolean": datatypes.boolean,
        "positiveInt": datatypes.string, "decimal": datatypes.decimal, "date": datatypes.time,
        "dateTime": datatypes.time, "moment": datatypes.moment, "instant": datatypes.time, "concept": datatypes.concept,
        "first-coding": datatypes.first_coding, "quantity": datatypes.composite_quantity, "money": datatypes.money,
        "language": datatypes.language, "days": datatypes.days, "interpretation": datatypes.interpretation,
        "name": names.human_name, "address": names.address, "licence": parties.licence,
        "practitioner-number": parties.practitioner_number,
        "practitioner": parties.practitioner, "organization": parties.organization,
        "coded-organization": parties.coded_organization, "location": parties.location,
        "discharged-to": parties.discharged_to, "identifier": parties.identifier, "number": parties.number,
        "entity": parties.entity_identifier, "telecom": names.telecom,
    }.items()},
    "code": datatypes.code, "translated": datatypes.translated, "coded": datatypes.coded,
}  # fmt: skip
"""`as` of a row -> what writes such a value, made with the row's other arguments."""

_NOTHING = object()


class Row(NamedTuple):
    """field, component (0: the whole field); source: element names from the resource's root, `[]` behind a list;
    within: the constant element that the value stands in; inverse: what writes it."""

    field: int
    component: int
    source: tuple[str, ...]
    within: Any
    inverse: Inverse


@lru_cache(maxsize=256)
def rows(name: str) -> Mapping[tuple[str, ...], tuple[Row, ...]]:
    """The rows of a sheet, `PID[Patient]`, by their source. Conditional rows (`when`) are of inbound messages only."""
    found: dict[tuple[str, ...], tuple[Row, ...]] = {}
    for rule in standard().sheets[name].rules:
        if rule.when is not None or rule.row["as"] not in INVERSES:
            continue
        given = {key: value for key, value in rule.row.items() if key in ("table", "number")}
        inverse = INVERSES[rule.row["as"]](**given)
        row = Row(rule.field, int(rule.row.get("component", 0)), rule.target, rule.row.get("in"), inverse)
        found[rule.target] = (*found.get(rule.target, ()), row)
    return found


def apply(w: Writing, name: str, resource: Mapping[str, Any], segment: Segment,
          without: Collection[int] = (), *, marked_only: bool = False) -> None:  # fmt: skip
    """Fill a segment from a resource by a sheet. Of rows with one source a value goes to the field that it is marked
    with, else to the first that can say it; one marked with another segment's field is not this segment's. without:
    fields that the caller writes; marked_only: of lists only what is marked, as another segment writes the rest."""
    for source, sharing in rows(name).items():
        for node, element, index, value in values(resource, source):
            if marked_only and sharing[0].within is None and source[-1].endswith("[]") and not mark(value, FIELD):
                continue
            _place(w, sharing, (node, element, index), value, segment, without)


def apart(w: Writing, name: str, resource: Mapping[str, Any]) -> list[Segment]:
    """A segment for each that told values of a resource by a sheet that keeps them apart."""
    made: dict[int, Segment] = {}
    for source, sharing in rows(name).items():
        for node, element, index, value in values(resource, source):
            segment = made.setdefault(_told_by(value), Segment(name[:3]))
            _place(w, sharing, (node, element, index), value, segment, ())
    return [made[number] for number in sorted(made) if not made[number].empty]


def _told_by(value: Mapping[str, Any]) -> int:
    inner = (held for key, held in value.items() if key.startswith("value") and isinstance(held, dict))
    return int(next((found for one in (value, *inner) if (found := mark(one, SEGMENT))), 1))


def _place(w: Writing, sharing: tuple[Row, ...], held: tuple[Mapping[str, Any], str, int], value: Any,
           segment: Segment, without: Collection[int]) -> None:  # fmt: skip
    marked = mark(value, FIELD) if isinstance(value, dict) else ""
    if marked == "PRT" and w.segments < (2, 7):
        marked = ""  # before there were participations, who takes part is one of the people of the segment
    if marked and not marked.startswith(f"{segment.name}-"):
        return
    for row in sharing:
        if marked and marked != f"{segment.name}-{row.field}":
            continue
        inner = value if row.within is None else taken(row.within, value)
        made = row.inverse(w, inner) if inner is not _NOTHING else None
        if made is None:
            continue
        if row.inverse is names.name_text:
            made = _whole_name(held[0], f"{segment.name}-{row.field} ", str(inner)) or made
        sent = "" if isinstance(value, dict) else mark(held[0], AS_SENT, held[1], held[2])
        if row.field not in without:
            _put(segment, row, {1: sent} if sent else made)
        return


def _whole_name(node: Mapping[str, Any], place: str, words: str) -> Repetition | None:
    """The parts of a name that FHIR has as one string. place: `GT1-45 `, with which they are marked."""
    told = [str(one["valueString"]) for one in extensions(node, AS_SENT)]
    names = [one.removeprefix(place).split("^") for one in told if one.startswith(place)]
    found = next((one for one in names if sorted(" ".join(one).split()) == sorted(words.split())), [])
    return clean(dict(enumerate(found, 1))) or None


def _put(segment: Segment, row: Row, made: Repetition) -> None:
    if row.inverse is datatypes.moment:
        segment.fields[row.field] = [made]
    elif not row.component:
        segment.put(row.field, made)
    else:
        first = segment.fields.setdefault(row.field, [{}])[0]
        first[row.component] = made[1] if set(made) == {1} else subcomponents(made)


def taken(template: Any, value: Any) -> Any:
    """What stands at `$` of a constant element; _NOTHING where the value is another element."""
    if isinstance(template, str):
        return value if template == "$" else None if str(value).lower() == template.lower() else _NOTHING
    found = None
    for inner, held in _pairs(template, value):
        one = _NOTHING if held is _NOTHING else taken(inner, held)
        if one is _NOTHING:
            return _NOTHING
        found = one if one is not None else found
    return found


def _pairs(template: Any, value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(template, dict):
        for key, inner in template.items():
            yield inner, value.get(key, _NOTHING) if isinstance(value, dict) else _NOTHING
    else:
        for inner in template:
            fitting = (one for one in value if taken(inner, one) is not _NOTHING) if isinstance(value, list) else ()
            yield inner, next(iter(fitting), _NOTHING)


def values(node: Mapping[str, Any], source: tuple[str, ...]) -> Iterator[tuple[Mapping[str, Any], str, int, Any]]:
    """Each value at a path, with the node that holds it, its name there and its place in a list."""
    name, rest = source[0], source[1:]
    element = name.removesuffix("[]")
    held = node.get(element)
    for index, value in enumerate(held if isinstance(held, list) else [] if held is None else [held]):
        if not rest:
            yield node, element, index, value
        elif isinstance(value, dict):
            yield from values(value, rest)

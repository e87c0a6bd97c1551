"""Rule sheets: which field of a segment goes where, as what. Data in segments/*.yaml, compiled once.

README.md beside this module says what a sheet may hold; schemas/hl7v2/sheet.v1.schema.json checks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from adapters.hl7v2.maps import actors, datatypes, names, observations, parties, quantities
from adapters.hl7v2.maps.codes import PAIRS, WORDS
from adapters.hl7v2.maps.conversion import Conversion, put
from adapters.hl7v2.maps.datatypes import Convert, Value
from adapters.hl7v2.maps.marks import AS_SENT, FIELD, SEGMENT, mark, marked
from adapters.hl7v2.maps.reading import Reading, Repetition
from hub.domain.fragments import Resource

CONVERTS: Mapping[str, Callable[..., Convert]] = {
    **{name: (lambda convert=convert: convert) for name, convert in {
        "string": datatypes.string, "text": datatypes.text_of, "prose": datatypes.prose, "note": datatypes.note,
        "word": datatypes.word, "uri": datatypes.uri, "boolean": datatypes.boolean,
        "active": datatypes.active, "period": names.date_range,
        "positiveInt": datatypes.positive, "decimal": datatypes.decimal, "date": datatypes.date,
        "dateTime": datatypes.date_time, "moment": datatypes.moment, "instant": datatypes.instant,
        "concept": datatypes.concept, "first-coding": datatypes.first_coding,
        "quantity": quantities.composite_quantity, "money": quantities.money, "unit": quantities.unit,
        "language": datatypes.language, "language-tag": datatypes.language_tag, "days": datatypes.days,
        "interpretation": observations.interpretation,
        "name": names.human_name, "name-text": names.name_text, "nickname": names.called_by, "address": names.address,
        "licence": parties.licence, "practitioner-number": parties.practitioner_number,
        "practitioner": actors.practitioner, "interpreter": actors.interpreter,
        "party": actors.party_reference, "site": actors.site, "organization": actors.organization,
        "coded-organization": actors.coded_organization, "location": actors.location,
        "discharged-to": actors.discharged_to,
    }.items()},
    "code": datatypes.code, "translated": datatypes.table, "coded": datatypes.coded, "telecom": names.telecom,
    "identifier": parties.typed_identifier, "number": parties.own_number, "entity": parties.entity_identifier,
    "coded-identifier": parties.coded_identifier_in,
}  # fmt: skip
"""`as` of a row -> the datatype map, made with the row's other arguments."""

_OF_ROW = frozenset({"field", "component", "to", "as", "in", "when", "marked", "why"})


class Rule(NamedTuple):
    """field: number; target: element names from the resource's root; convert: a datatype map.

    repeats: the target's last name ends in `[]` and takes every repetition; another takes the first that has a value.
    when: (field, values in upper case) of the same segment that it holds for; place: `PID-2` where the value is marked
    with it, as another field means the same element; named: it makes one text of a name's components; row: as written.
    """

    field: int
    target: tuple[str, ...]
    convert: Convert
    repeats: bool
    when: tuple[int, frozenset[str]] | None
    place: str
    named: bool
    row: Mapping[str, Any]


class Sheet(NamedTuple):
    """A segment's rules for one resource, `PID[Patient]`.

    create: the resource type that it makes, or into: the name of an open resource that it adds to, both "" where a
    translator in Python does that; at: the list of that resource that it adds an element to; without: one that must
    not be open for the sheet to hold; begin: constant content; subject, encounter: elements that refer to them;
    opens: names under which later segments reach it; links: (open resource, target in it that refers to this one,
    whether the target is this one's own instead and refers to that one, what stands around the reference); fragment:
    whether it is one of the patient's record; recorded: fields that may say when it was recorded; needs: what stands
    in elements that FHIR wants where no field says it; given: fields of which one must say something for it to be
    made; each: a field of which every repetition makes one of its own, 0 without.
    """

    segment: str
    rules: tuple[Rule, ...]
    create: str = ""
    into: str = ""
    at: tuple[str, ...] = ()
    without: str = ""
    begin: Mapping[str, Any] = {}
    subject: str = ""
    encounter: str = ""
    opens: tuple[str, ...] = ()
    links: tuple[tuple[str, tuple[str, ...], bool, Any], ...] = ()
    fragment: bool = True
    recorded: tuple[int, ...] = ()
    needs: Mapping[str, Any] = {}
    given: tuple[int, ...] = ()
    each: int = 0


def sheet(name: str, document: Mapping[str, Any]) -> Sheet:
    """Compile one sheet of a document. Raises ValueError, with the place, where it names what there is not."""
    segment = name.partition("[")[0]
    apart = document.get("apart") == "true"
    rules = [_rule(f"{name}/rules/{number}", row, apart) for number, row in enumerate(document.get("rules", ()))]
    return Sheet(
        segment=segment,
        rules=_placed(segment, rules, "into" in document and "at" not in document),
        create=document.get("create", ""),
        into=document.get("into", ""),
        at=tuple(document["at"].split(".")) if "at" in document else (),
        without=document.get("without", ""),
        begin=document.get("begin", {}),
        subject=document.get("subject", ""),
        encounter=document.get("encounter", ""),
        opens=tuple(document.get("opens", ())),
        links=tuple(
            (one["of"], tuple(one["to"].split(".")), one.get("back") == "true", one.get("in", "$"))
            for one in document.get("links", ())
        ),
        fragment=document.get("fragment") != "false",
        recorded=tuple(int(field) for field in document.get("recorded", ())),
        needs=document.get("needs", {}),
        given=tuple(int(field) for field in document.get("given", ())),
        each=int(document.get("each", 0)),
    )


def _rule(place: str, row: Mapping[str, Any], apart: bool) -> Rule:
    arguments = {key: value for key, value in row.items() if key not in _OF_ROW}
    made = CONVERTS.get(row["as"])
    tables = {"code": WORDS, "translated": PAIRS}.get(row["as"], {})
    if made is None:
        raise ValueError(f"{place}: there is no datatype map {row['as']!r}")
    if row.get("table", "") not in (*tables, ""):
        raise ValueError(f"{place}: there is no table {row['table']!r} for {row['as']!r}")
    try:
        convert = made(**arguments)
    except TypeError as error:
        told = ", ".join(sorted(arguments)) or "nothing"
        raise ValueError(f"{place}: {row['as']!r} does not take {told} alone") from error
    if "component" in row:
        convert = _of_component(int(row["component"]), convert)
    if apart:
        convert = _apart(convert)
    if "in" in row:
        convert = _within(row["in"], convert)
    condition = row.get("when")
    values = frozenset(value.upper() for value in condition["is"]) if condition else frozenset()
    when = (int(condition["field"]), values) if condition else None
    target = tuple(row["to"].split("."))
    return Rule(int(row["field"]), target, convert, row["to"].endswith("[]"), when, "", row["as"] == "name-text", row)


def _placed(segment: str, rules: Iterable[Rule], adding: bool) -> tuple[Rule, ...]:
    """The rules, with their place where an earlier one has the same target, where the row asks for it (`marked`), and
    where it adds to a list of what another segment made."""
    found: list[Rule] = []
    for one in rules:
        shared = any(
            one.target == other.target and one.row.get("in") == other.row.get("in") and one.field != other.field
            for other in found
        )
        listed = adding and one.repeats and "in" not in one.row
        place = f"{segment}-{one.field}" if shared or listed or one.row.get("marked") == "true" else ""
        found.append(one._replace(place=place))
    return tuple(found)


def _of_component(number: int, convert: Convert) -> Convert:
    def converted(c: Conversion, r: Repetition) -> Value:
        part = r.component(number)
        return convert(c, part) if part else None

    return converted


def _apart(convert: Convert) -> Convert:
    """The value marked with its segment, behind the first of the name."""

    def converted(c: Conversion, r: Repetition) -> Value:
        value = convert(c, r)
        if value is None:
            return None
        number = r.leaves()[0].path.partition("[")[2].partition("]")[0]
        return value if number == "1" else marked(value, SEGMENT, number)

    return converted


def _within(template: Mapping[str, Any], convert: Convert) -> Convert:
    """The value in its place, `$`, of a constant element: an extension, a participant with its role."""

    def converted(c: Conversion, r: Repetition) -> Value:
        value = convert(c, r)
        return None if value is None else fill(template, value)

    return converted


def fill(template: Any, value: Any = None) -> Any:
    """A copy of constant content with the value at `$`; `true` and `false` are booleans."""
    if isinstance(template, str):
        return value if template == "$" else {"true": True, "false": False}.get(template, template)
    if isinstance(template, list):
        return [fill(item, value) for item in template]
    return {key: fill(item, value) for key, item in template.items()}


def apply(c: Conversion, name: str, segment: Reading, resource: Resource) -> Resource:
    """Fill a resource by the sheet of a name. What a datatype map cannot hold is left, and so stays unmapped."""
    return run(c.dialect.sheets[name].rules, c, segment, resource)


def run(rules: Iterable[Rule], c: Conversion, segment: Reading, resource: Resource) -> Resource:
    """Fill a resource by rules, in their order: an element that takes one value takes the first."""
    held = segment.firsts
    for field, target, convert, repeats, when, place, named, _ in rules:
        if field not in held or (when is not None and segment.text(when[0]).upper() not in when[1]):
            continue
        for repetition in segment.each(field):
            value = convert(c, repetition)
            if value is not None:
                if place and type(value) is dict:
                    mark(value, FIELD, place)
                if named and len(repetition.values) > 1:
                    parts = "^".join(map(repetition.text, range(1, 7))).rstrip("^")
                    mark(resource, AS_SENT, f"{segment.name}-{field} {parts}")
                put(resource, target, value)
                if not repeats:
                    break
    return resource

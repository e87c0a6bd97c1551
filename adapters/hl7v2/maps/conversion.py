"""The state of one conversion: the Bundle's entries as they come about, and what segments that follow belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from uuid_utils import UUID, uuid5

from adapters.hl7v2.er7 import Message, Segment
from adapters.hl7v2.maps.marks import REPEATS, mark
from adapters.hl7v2.maps.reading import Joined, Leaf, Reading
from adapters.hl7v2.maps.times import Clock
from hub.domain.errors import Cause, Refusal, Refused
from hub.domain.fragments import Resource
from hub.domain.messages import MOST_LEAVES, Claim

if TYPE_CHECKING:
    from adapters.hl7v2.maps.dialect import Dialect
    from adapters.hl7v2.maps.segments_merge import Merging

_NAMESPACE = UUID("5d9c4ba2-6f0c-5f0a-9a58-6f1e4c2f9b7e")


ABSENT: Mapping[str, Any] = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
}
"""An element of which FHIR wants something, and the message says nothing."""


class Entry(msgspec.Struct, eq=False):
    """One resource of the Bundle in the making.

    recorded: leaves that may say when it was recorded, the first that is a time wins; also: fields that decided how
    the resource is built without standing in it, with the pointer of what they decided; twins: the same content read
    from other fields, with the pointer of where it stands, which they are mapped to; patient: the Patient entry that it
    is about; part: False for what only repeats another entry in another role, and so is no fragment of its own;
    timings: how its TQ1 were told; lines, notes: how its text and its notes were told (`marks.BREAKS`).
    """

    url: str
    resource: Resource
    patient: Entry | None
    recorded: list[Leaf | None]
    also: list[tuple[Leaf, str]] = []
    twins: list[tuple[str, Resource]] = []
    part: bool = True
    timings: str = ""
    lines: str = ""
    notes: str = ""

    @property
    def reference(self) -> dict[str, Any]:
        return {"reference": self.url}


@dataclass(slots=True)
class Order:
    """What belongs to one order: its ORC, timings not yet used, and the request or report made of it; told: whether who
    entered and verified it is said; late: its ORC stands after its OBR; reported: a report has its ORC already; given:
    administrations whose route is not told yet (RAS_O17: several RXA share an RXR); participants, document: of the
    order, before its OBR."""

    control: Reading | None = None
    timings: list[Reading] = field(default_factory=list)
    request: Entry | None = None
    told: bool = False
    late: bool = False
    reported: bool = False
    given: list[Entry] = field(default_factory=list)
    participants: list[dict[str, Any]] = field(default_factory=list)
    document: Entry | None = None


class Conversion:
    """One message being converted. readings: its segments; facility: MSH-4.1; kind, event: MSH-9; order: that in work;
    observed: the resource that an NTE comments; document: of the TXA in work; report: of the OBR in work; opened:
    others that following segments belong to, by name; notes: NTEs of the whole message, with the patient that they are
    about; lines, told: text of a document or result, and its OBX, by the id of its entry; parent: the result
    that the OBR in work goes into (OBR-26); alone: ORCs that no detail follows; merges: who is who, in order; again:
    whether fields that are read already are read into a second resource; orderers: of whom a role of ORC-12 is, by its
    reference; results: the last of the patient in work by each name that OBR-26 may have for it; insurers: companies of
    an IN1, by their references; taken_again: values of ORCs that further details repeat; referred: entries before the
    last RF1's end; codes, pairs: the code tables of the dialect."""

    def __init__(
        self, message: Message, clock: Clock, dialect: Dialect, *, facility: str, control_id: str, kind: str, event: str
    ) -> None:
        self.dialect = dialect
        self.since_2_6 = message.version >= "2.6"
        self.codes = dialect.codes
        self.pairs = dialect.pairs
        self.readings = [Reading(segment, message.separators) for segment in message.segments]
        if dialect.segments or dialect.moves:
            _translate(self.readings, dialect)
        self.clock = clock
        self.facility = facility
        self.kind = kind
        self.obr = "order"
        self.event = event
        self.prefix = f"{facility}|{control_id}|"
        self.entries: list[Entry] = []
        self.headers: list[tuple[Leaf, str]] = []
        self.patients: list[Entry] = []
        self.patient: Entry | None = None
        self.encounter: Entry | None = None
        self.order = Order()
        self.report: Entry | None = None
        self.request: Entry | None = None
        self.observed: Entry | None = None
        self.document: Entry | None = None
        self.immunization: Entry | None = None
        self.referral: Entry | None = None
        self.task: Entry | None = None
        self.receiver: Entry | None = None
        self.receiving: tuple[list[Reading], list[Claim]] | None = None
        self.provider: Entry | None = None
        self.sent = ""
        self.notes: list[tuple[Entry | None, Reading]] = []
        self.lines: dict[int, list[Joined]] = {}
        self.told: dict[int, list[Reading]] = {}
        self.categories: dict[tuple[int, str], int] = {}
        self.opened: dict[str, Entry] = {}
        self.merges: list[Merging] = []
        self.last_text: tuple[str, Entry] | None = None
        self.shared: dict[tuple[str, str], Entry] = {}
        self.again = False
        self.joined: dict[tuple[str, str, str], int] = {}
        self.orderers: dict[str, dict[str, Any]] = {}
        self.results: dict[str, Entry] = {}
        self.insurers: set[str] = set()
        self.taken_again = self.referred = 0
        self.trailing: set[Segment] = set()
        self.reporting: set[Segment] = set()
        self.group: Reading | None = None
        self.parent: Entry | None = None
        self.alone: frozenset[Segment] | None = None

    @cached_property
    def roles(self) -> frozenset[str]:
        """What providers of the message act as (PRD-1, table 0286)."""
        return frozenset(r.text(1).upper() for s in self.readings if s.name == "PRD" for r in s.each(1))

    def add(self, resource: Resource, *recorded: Leaf | None) -> Entry:
        """A new entry; its fullUrl is the same whenever this message is converted."""
        url = f"urn:uuid:{uuid5(_NAMESPACE, f'{self.prefix}{len(self.entries)}')}"
        entry = Entry(url, resource, self.patient, list(recorded))
        self.entries.append(entry)
        return entry

    def repeat(self, resource: Resource, segment: str) -> Entry:
        """A new entry that says again what others say, in a type that FHIR has for it: no fragment, and the segment
        whose values it has is written back from the others."""
        entry = self.add(resource)
        entry.part = False
        mark(resource, REPEATS, segment)
        return entry

    @contextmanager
    def repeating(self) -> Iterator[None]:
        """While fields that are read already are read into a second resource."""
        self.again = True
        try:
            yield
        finally:
            self.again = False

    def read_again(self, s: Reading) -> None:
        """Count what each further detail of an order takes from its ORC. Raises Refused(TOO_LARGE): few segments may
        make many values so."""
        self.taken_again += len(s.leaves)
        if self.taken_again > MOST_LEAVES:
            told = f"the details of orders repeat at most {MOST_LEAVES} values of their ORC: send it in several"
            raise Refused(Refusal(Cause.TOO_LARGE, s.leaves[0].path, told))

    def share(self, raw: str, resource: Resource) -> Entry:
        """An entry for a party that the message names more than once in the same words: one resource for all."""
        key = (str(resource["resourceType"]), raw)
        entry = self.shared.get(key)
        if entry is None:
            entry = self.shared[key] = self.add(resource)
        elif not self.again:
            entry.twins.append(("", resource))
        return entry

    def join(self, entry: Entry, element: str, raw: str, value: Any) -> int:
        """A value of a list that several fields may say in the same words: it stands there once; its place."""
        listed = entry.resource.setdefault(element, [])
        at = self.joined.setdefault((entry.url, element, raw), len(listed))
        if at == len(listed):
            listed.append(value)
        elif not self.again:
            entry.twins.append((f"/{element}/{at}", value))
        return at

    def looked_up(self, table: str, leaf: Leaf | None) -> Leaf | None:
        """The leaf with what a code table has for it, whatever its case; None of what the table lacks."""
        found = self.codes[table].get(leaf.text.strip().upper()) if leaf else None
        return leaf.give(found) if leaf and found else None

    def subject(self) -> dict[str, Any]:
        """Reference to the patient; filled in at the end for what comes before PID."""
        return self.patient.reference if self.patient else {}


def _translate(readings: Iterable[Reading], dialect: Dialect) -> None:
    """What the sender calls otherwise, or writes elsewhere."""
    for reading in readings:
        for origin, to in dialect.moves.get(reading.name, ()):
            reading.move(origin, to)
        reading.name = dialect.segments.get(reading.name, reading.name)


def put(resource: Resource, target: tuple[str, ...], value: Any) -> None:
    """Put a value at a path of element names; a name that ends in `[]` is a list that it joins."""
    node: Any = resource
    last = target[-1]
    for name in target[:-1]:
        if name.endswith("[]"):
            listed = node.setdefault(name[:-2], [{}])
            node = listed[-1]
        else:
            node = node.setdefault(name, {})
    if last.endswith("[]"):
        node.setdefault(last[:-2], []).append(value)
    else:
        node.setdefault(last, value)


def first_of(leaves: Iterable[Leaf | None]) -> Leaf | None:
    return next((leaf for leaf in leaves if leaf is not None), None)

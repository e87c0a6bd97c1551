"""What is refused in a readable message before anybody maps it: wrong datatypes where they matter, and a structure
that leaves open of whom or of what the message speaks.

Real messages are sloppy; what only the loss ledger must tell (an unknown code, a name in a date field that nobody
reads) is no reason to send a patient's referral back. Missing patient, reason and receiver are found by who reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from itertools import islice

from adapters.hl7v2 import er7, structures
from hub.domain.errors import Cause, Refusal
from hub.domain.messages import MOST_LEAVES, MOST_SEGMENTS

CHECKED: Mapping[str, tuple[int, ...]] = {
    "PID": (7, 29),
    "RF1": (7, 8, 9),
    "PV1": (44,),
    "DG1": (5,),
    "PR1": (5,),
    "OBR": (7,),
    "OBX": (14,),
    "TXA": (4,),
    "RXE": (3, 4),
    "RXA": (3, 4, 6),
}
"""Segment -> fields whose datatype is enforced: births and deaths, times of clinical events, doses. OBX-5 by OBX-2.
A time of nothing but zeros is how old systems leave one out; as a birth it is refused, for that says who one is."""

SINGLE = frozenset({"MSH", "PID", "RF1", "TXA"})
"""Segments that say whom and what a message is about; two where its structure has one are two messages in one."""

_DATE = re.compile(
    r"(?!0000)\d{4}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12]\d|3[01])"
    r"(?:(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:(?:\.|(?=\d{3}(?:[+-]|$)))\d{1,6})?)?)?)?)?)?"
    r"(?:[+-](?:0\d|1[0-4])[0-5]\d)?",
    re.ASCII,
)
_TIME = re.compile(r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?(?:[+-](?:0\d|1[0-4])[0-5]\d)?", re.ASCII)
_NUMBER = re.compile(r"(?:[<>]=?|[≤≥])?\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
"""NM, and with the comparator that laboratories put before it (`<0.1`)."""

NULL = '""'


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value) or (len(value) == 6 and value > "2100"):  # YYMMDD is no year with its month
        return False
    if value[6:8] > "28" and value[:8].isdigit():
        try:
            date(int(value[:4]), int(value[4:6]), int(value[6:8]))
        except ValueError:
            return False
    return True


def _is_time(value: str) -> bool:
    return _TIME.fullmatch(value) is not None


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "DT": (_is_date, "the value is no date"),
    "TS": (_is_date, "the value is no date or time"),
    "DTM": (_is_date, "the value is no date or time"),
    "TM": (_is_time, "the value is no time of day"),
    "NM": (_is_number, "the value is no number"),
}
"""Datatype -> whether a value is of it, and what to say when it is not."""

NAMING, LONGEST_NAME = (3, 4, 10), 250
"""Fields of MSH that name the sender and the message, and their characters: they are in the URIs of whatever is made of
the message, many times over."""


def oversize(message: er7.Message, characters: int) -> tuple[Refusal, ...]:
    """A message of more segments or leaves than are taken, at the first of those, or of a longer name; characters: of
    its text."""
    if len(message.segments) > MOST_SEGMENTS:
        told = f"a message has at most {MOST_SEGMENTS} segments: send it in several"
        return (Refusal(Cause.TOO_LARGE, repr(message.segments[MOST_SEGMENTS]), told),)
    header = message.segments[0]
    for number in NAMING:
        if len(er7.value(message, header, number, component=1)) > LONGEST_NAME:
            told = f"a name has at most {LONGEST_NAME} characters"
            return (Refusal(Cause.TOO_LARGE, er7.path(header, number), told),)
    if characters <= 2 * MOST_LEAVES or _delimiters(message) <= MOST_LEAVES:  # each leaf has a delimiter
        return ()
    beyond = next(islice(er7.leaves(message), MOST_LEAVES, None), None)
    if beyond is None:
        return ()
    return (Refusal(Cause.TOO_LARGE, beyond[0], f"a message has at most {MOST_LEAVES} values: send it in several"),)


def _delimiters(message: er7.Message) -> int:
    marks = (message.separators.repetition, message.separators.component, message.separators.subcomponent)
    return sum(1 + sum(map(field.count, marks)) for segment in message.segments for field in segment.fields)


def validate(message: er7.Message) -> tuple[Refusal, ...]:
    """What is to be refused, in document order; () for a message that may be mapped."""
    found: list[Refusal] = []
    version = message.version
    once: frozenset[str] | None = None
    for segment in message.segments:
        name, fields = segment.name, segment.fields
        for number, form in _checks(version, name):
            if number < len(fields) and fields[number].strip("" if name == "PID" else "0"):
                _check(message, segment, number, form, found)
        if name == "OBX" and len(fields) > 5 and fields[5] and (value_form := FORMS.get(fields[2].strip())):
            _check(message, segment, 5, value_form, found)
        if segment.occurrence > 1 and name in SINGLE:
            once = _once(message) if once is None else once
            if name in once:
                told = f"a second {name} segment: one message speaks of one"
                found.append(Refusal(Cause.WRONG_STRUCTURE, f"{name}[{segment.occurrence}]", told))
    return tuple(found)


def _check(message: er7.Message, segment: er7.Segment, number: int, form: tuple[Callable[[str], bool], str],
           found: list[Refusal]) -> None:  # fmt: skip
    is_form, told = form
    if is_form(segment.fields[number]):
        return
    separators = message.separators
    for index, repetition in enumerate(segment.fields[number].split(separators.repetition), 1):
        value = repetition.split(separators.component, 1)[0].strip()
        if value and value != NULL and not is_form(value):
            component = 1 if separators.component in repetition else None
            found.append(Refusal(Cause.WRONG_DATATYPE, er7.path(segment, number, index, component), told))


@lru_cache(maxsize=8192)
def _checks(version: str, name: str) -> tuple[tuple[int, tuple[Callable[[str], bool], str]], ...]:
    """(field, form) to enforce in a segment, by what the version's tables say that the field is."""
    if name not in CHECKED:
        return ()
    fields = structures.segment(version, name)
    return tuple((n, FORMS[fields[n - 1].datatype]) for n in CHECKED[name]
                 if n <= len(fields) and fields[n - 1].datatype in FORMS)  # fmt: skip


def _once(message: er7.Message) -> frozenset[str]:
    header = message.segments[0]
    kind, event, declared = (er7.value(message, header, 9, 1, component) for component in (1, 2, 3))
    structure = structures.structure(message.version, f"{kind}^{event}", declared)
    return (structures.single(message.version, structure) if structure else frozenset()) | {"MSH"}

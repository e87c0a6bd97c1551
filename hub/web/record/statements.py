"""An item of the record as a statement: what, how much, since when, who says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hub.web.record import words
from hub.web.record.dates import Day, day
from hub.web.record.document import Code, Item, Source, Step, Suggestion, Value
from hub.web.record.words import Tag

SHORT = 120
"""Characters of a text that are shown at once; the rest is behind `<details>`."""

_PREFIXES = {"absent": ("否认：", "未做：", "不可："), "uncertain": ("疑似：",)}
_SUFFIXES = {"stopped": " 已停", "planned": " 计划", "resolved": " 已愈"}
"""Fixed words of the summarizer's texts, which stand as tags here."""

_SYSTEMS = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED CT",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD-9-CM",
    "http://www.whocc.no/atc": "ATC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/cvx": "CVX",
}


@dataclass(frozen=True, slots=True)
class Said:
    """An institution and the last day on which it says so."""

    organization: str
    on: date


@dataclass(frozen=True, slots=True)
class Past:
    """A course in the history of a medicine. value: dose and frequency; why: by whom and why, as said; current: whether
    it is the statement's own."""

    item_id: str
    value: str
    start: Day | None
    end: Day | None
    status: Tag | None
    why: str
    current: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """headline: without date, value and fixed words, at most SHORT characters; full: the whole text where cut.

    value: with its unit, a medicine's dose and way; reference: of a result; warnings: tags that nobody may miss;
    received: when the newest source came; terms: standard terms that the hub proposes, nobody said them; trend: of a
    series; steps: of a medicine all its courses where there are several; doubles: ids of others with its ingredient.
    """

    id: str
    section: str
    headline: str
    full: str
    value: str
    reference: str
    start: Day | None
    end: Day | None
    warnings: tuple[Tag, ...]
    status: Tag | None
    past: bool
    said: tuple[Said, ...]
    received: datetime
    code: str
    conflicts: tuple[str, ...]
    terms: tuple[Suggestion, ...]
    trend: Tag | None = None
    steps: tuple[Past, ...] = ()
    doubles: tuple[str, ...] = ()

    @property
    def at(self) -> date:
        """The last day on which it was said."""
        return max(one.on for one in self.said)


def statement(
    item: Item, section: str, zone: ZoneInfo, conflicts: Sequence[str] = (), terms: Sequence[Suggestion] = ()
) -> Statement:
    """conflicts: ids of those that the item stands in; zone: of the reader, for the days on which it was said."""
    headline = _headline(item)
    status = words.status_tag(item.status, section)
    past = item.status in ("stopped", "resolved")
    assertion = words.assertion_tag(item.assertion, section)
    flag = words.interpretation_tag(item.value.interpretation if item.value else None)
    telling = past or _planned(item) or status is words.PRELIMINARY
    loud = (assertion, flag if flag and flag.kind != "normal" else None, status if telling else None)
    value = _value(item)
    cut = len(headline) > SHORT or len(value) > SHORT
    return Statement(
        id=item.id,
        section=section,
        headline=shortened(headline),
        full=item.text if cut else "",
        value=shortened(value),
        reference=_reference(item.value),
        start=day(item.start),
        end=day(item.end) if item.end != item.start else None,
        warnings=tuple(tag for tag in loud if tag),
        status=status,
        past=past,
        said=said_by(item.sources, zone),
        received=max(source.received_at for source in item.sources),
        code=_code(item.code),
        conflicts=tuple(conflicts),
        terms=tuple(terms),
        trend=words.TREND.get(item.trend or ""),
        steps=_steps(item),
        doubles=item.duplicates or (),
    )


def _steps(item: Item) -> tuple[Past, ...]:
    """By time; none where there is only the course that the statement tells."""
    told = item.history or ()
    return tuple(_step(step, item.id) for step in told) if len(told) > 1 else ()


def _step(step: Step, own: str) -> Past:
    dose = f"{number(step.dose)}{step.unit or ''}" if step.dose is not None else ""
    return Past(
        item_id=step.item_id,
        value=" ".join(part for part in (dose, step.frequency) if part),
        start=day(step.start),
        end=day(step.end) if step.end != step.start else None,
        status=words.status_tag(step.status, "medications"),
        why=" · ".join(part for part in (step.by, step.reason) if part),
        current=step.item_id == own,
    )


def _planned(item: Item) -> bool:
    return item.status == "planned"


def said_by(sources: Iterable[Source], zone: ZoneInfo) -> tuple[Said, ...]:
    """Each institution once, the one that said it last first."""
    newest: dict[str, datetime] = {}
    for source in sources:
        newest[source.organization] = max(newest.get(source.organization, source.at), source.at)
    ordered: Mapping[str, datetime] = dict(sorted(newest.items(), key=lambda one: one[1], reverse=True))
    return tuple(Said(organization, local_day(at, zone)) for organization, at in ordered.items())


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The day of a moment for the reader; at the ends of the calendar, which have no other zone, its own."""
    try:
        return at.astimezone(zone).date()
    except OverflowError:
        return at.date()


def number(value: Decimal | None) -> str:
    """As given, digit for digit; beyond 24 digits with its exponent."""
    if value is None:
        return ""
    exponent = value.as_tuple().exponent
    long = isinstance(exponent, int) and (len(value.as_tuple().digits) + abs(exponent) > 24)
    return str(value) if long else format(value, "f")


def shortened(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def measured(amount: str, unit: str | None) -> str:
    return f"{amount} {unit or ''}".strip()


def _headline(item: Item) -> str:
    if item.medication:
        return item.medication.name
    text = item.text
    if item.value and item.value.text:
        name, found, _ = text.partition(f" {item.value.text}")
        return name if found and name else text
    for fixed in _PREFIXES.get(item.assertion, ()):
        text = text.removeprefix(fixed)
    for fixed in (_SUFFIXES.get(item.status, ""), _dates(item)):
        text = text.removesuffix(fixed)
    return text.strip() or item.text


def _dates(item: Item) -> str:
    """As the summarizer ends a text with them."""
    start, end = (item.start or "")[:10], (item.end or "")[:10]
    shown = f"{start} 至 {end}".strip() if end and end != start else start
    return f" {shown}" if shown else ""


def _value(item: Item) -> str:
    if item.medication:
        one = item.medication
        return " ".join(p for p in (f"{number(one.dose)}{one.unit or ''}", one.frequency, one.route) if p)
    if item.value is None:
        return ""
    return measured(item.value.text or number(item.value.number), item.value.unit)


def _reference(value: Value | None) -> str:
    if value is None or value.low is value.high is None:
        return ""
    if value.low is None:
        return f"≤ {number(value.high)}"
    return f"{number(value.low)}–{number(value.high)}" if value.high is not None else f"≥ {number(value.low)}"


def _code(code: Code | None) -> str:
    """A code of a system that people know by name."""
    return f"{_SYSTEMS[code.system]} {code.code}" if code and code.system in _SYSTEMS else ""

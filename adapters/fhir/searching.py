"""Search parameters of FHIR read into the criteria of `hub.views`."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from adapters.fhir.code_systems import BUSINESS_STATUS
from adapters.fhir.parties import ORGANIZATION
from adapters.fhir.requests import Problem
from adapters.fhir.resources import request_status
from hub.domain.referrals import TASK, State
from hub.views.referrals import Token

PAGE, MOST = 50, 200
_IGNORED = frozenset({"_format", "_pretty", "_total", "_summary"})
_DATE = re.compile(r"^(eq|ge|gt|le|lt|sa|eb)?(\d{4}(?:-\d{2}(?:-\d{2}(?:T.*)?)?)?)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of one search, each with its values: repeated parameters must all agree, commas mean any."""

    kind: str
    values: Mapping[str, tuple[str, ...]]

    def any_of(self, *names: str) -> list[str] | None:
        """The comma-separated values of the parameter, None where it was not given."""
        given = [v for name in names for v in self.values.get(name, ())]
        if len(given) > 1:
            raise Problem(400, "not-supported", f"{names[0]} is expected once", expression=names[0])
        return [part for part in given[0].split(",") if part] if given else None

    def one(self, name: str) -> str | None:
        return next(iter(self.values.get(name, ())), None)

    @property
    def count(self) -> int:
        given = self.one("_count")
        if given is not None and not given.isdigit():
            raise Problem(400, "value", "_count is a number", expression="_count")
        return min(int(given), MOST) if given else PAGE


def asked(kind: str, pairs: Sequence[tuple[str, str]], supported: frozenset[str]) -> Asked:
    """The parameters as given. Raises Problem 400 for one that the hub does not know: to ignore it would find more
    than was asked for."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if name in _IGNORED:
            continue
        if name not in supported | {"_count", "_after"}:
            text = f"search parameter not supported; {kind} has: {', '.join(sorted(supported))}, _count"
            raise Problem(400, "not-supported", text)
        if "\0" in value:
            raise Problem(400, "value", "text without NUL is expected", expression=name.split(":")[0])
        values.setdefault(name, []).append(value)
    return Asked(kind, {name: tuple(given) for name, given in values.items()})


def tokens(values: Sequence[str] | None) -> list[Token] | None:
    """`system|value`, `|value` (no system) and `value` (any system)."""
    if values is None:
        return None
    return [(None if "|" not in value else value.split("|", 1)[0], value.rsplit("|", 1)[-1]) for value in values]


def names(values: Sequence[str] | None, kind: str) -> list[str] | None:
    """Ids of references: `<id>`, `Patient/<id>`, absolute."""
    return None if values is None else [v.rsplit("/", 1)[-1] for v in values if "/" not in v or f"{kind}/" in v]


def states(search: Asked) -> frozenset[State] | None:
    """The states that `status` and `business-status` ask for."""
    status, business = search.any_of("status"), search.any_of("business-status")
    if status is None and business is None:
        return None
    wanted = set(State)
    if status is not None:
        codes = {value.rsplit("|", 1)[-1] for value in status}
        of = request_status if search.kind == "ServiceRequest" else (lambda state: TASK[state][0])
        wanted &= {state for state in State if of(state) in codes}
    if business is not None:
        codes = {code for system, code in tokens(business) or () if system in (None, BUSINESS_STATUS)}
        wanted &= {state for state in State if TASK[state][1] in codes}
    return frozenset(wanted)


def organization_codes(search: Asked, *parameters: str) -> frozenset[str] | None:
    """Codes of organisations, lower case: `owner:identifier=system|CODE`, `owner.identifier`, `owner=CODE`."""
    forms = [form for p in parameters for form in (p, f"{p}:identifier", f"{p}.identifier")]
    values = search.any_of(*forms)
    if values is None:
        return None
    found = [(system, value.rsplit("/", 1)[-1]) for system, value in tokens(values) or ()]
    return frozenset(value.lower() for system, value in found if system in (None, ORGANIZATION))


def updated(search: Asked) -> tuple[datetime | None, datetime | None]:
    """(since, until) of `_lastUpdated`: since inclusive, until exclusive."""
    since: datetime | None = None
    until: datetime | None = None
    for value in search.values.get("_lastUpdated", ()):
        found = _DATE.match(value)
        if found is None:
            raise Problem(400, "value", "a prefix and a date or time is expected", expression="_lastUpdated")
        first, after = _period(found.group(2))
        prefix = found.group(1) or "eq"
        if prefix in ("eq", "ge", "gt", "sa"):
            lower = after if prefix in ("gt", "sa") else first
            since = max(since, lower) if since else lower
        if prefix in ("eq", "le", "lt", "eb"):
            upper = first if prefix in ("lt", "eb") else after
            until = min(until, upper) if until else upper
    return since, until


def _period(text: str) -> tuple[datetime, datetime]:
    """When the period that a date or time of some precision names begins, and when the next one does."""
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text.replace(" ", "+"))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment, moment + (timedelta(milliseconds=1) if moment.microsecond else timedelta(seconds=1))
        year, month, day = (*map(int, text.split("-")), 0, 0)[:3]
        first = datetime(year, month or 1, day or 1, tzinfo=UTC)
        if day:
            return first, first + timedelta(days=1)
        return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) if month else datetime(
            year + 1, 1, 1, tzinfo=UTC
        )
    except (ValueError, OverflowError):
        raise Problem(400, "value", "a real date or time is expected", expression="_lastUpdated") from None


def newest_first(search: Asked) -> bool:
    """Whether `_sort` asks for the newest first, as is the default."""
    order = search.one("_sort")
    if order not in (None, "_lastUpdated", "-_lastUpdated"):
        raise Problem(400, "not-supported", "_sort is _lastUpdated or -_lastUpdated", expression="_sort")
    return order != "_lastUpdated"


def mark(time: datetime, name: str) -> str:
    """Where a page ended (the last resource's time and id), as an opaque text for the next link."""
    return base64.urlsafe_b64encode(f"{time.isoformat()}|{name}".encode()).decode().rstrip("=")


def marked(search: Asked) -> tuple[datetime, str] | None:
    """What `mark` made. Raises Problem 400 where it is none of ours."""
    text = search.one("_after")
    if text is None:
        return None
    try:
        time, name = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("|")
        return datetime.fromisoformat(time).astimezone(UTC), str(UUID(name))
    except (ValueError, OverflowError):
        raise Problem(400, "value", "_after comes from a next link", expression="_after") from None


def link(base: str, search: Asked, replaced: Mapping[str, str | None]) -> str:
    """The address of this search with some parameters set or (None) left out."""
    return f"{base}/{search.kind}?{urlencode(list(_pairs(search, replaced)))}"


def _pairs(search: Asked, replaced: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    for name, values in search.values.items():
        if name not in replaced:
            yield from ((name, value) for value in values)
    yield from ((name, value) for name, value in replaced.items() if value is not None)

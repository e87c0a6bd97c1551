"""Which analyte a name in a text is: at the head of a complaint, as a blood group, as a symbol that its unit tells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from hub.summarizer.reading.blood_groups import GROUPS, RHESUS_FACTOR, TYPED, WRITTEN, WRITTEN_EN
from hub.summarizer.reading.model import Mention
from hub.summarizer.reading.quantities import number
from hub.summarizer.rows import rows
from hub.summarizer.terminology.tables import Term, terms


def with_analytes(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions, with the analyte that a complaint begins with (`血压高`, `尿酸高`) instead of it, and blood groups.

    A complaint without a value yields no result, so that nothing is lost by looking for one.
    """
    named: list[Mention] = []
    taken = {(m.start, m.end) for m in mentions if m.kind == "analyte"}
    for mention in mentions:
        if RHESUS_FACTOR.match(mention.name) and mention.kind != "analyte":
            named.append(
                Mention("analyte", mention.name[:2], mention.start, mention.start + 2, _analytes().get("Rh血型"))
            )
            continue
        tail = _ends(mention.name) if mention.kind == "procedure" else None
        if tail:
            named.append(Mention("analyte", tail[0], mention.end - len(tail[0]), mention.end, tail[1]))
            continue
        if mention.kind == "problem" and mention.name == "血压高" and text[mention.end : mention.end + 1] == "压":
            named.append(Mention("analyte", "血压", mention.start, mention.end - 1, _analytes().get("血压")))
            continue
        head = _begins(mention.name) if mention.kind in ("problem", "symptom") else None
        if head and (mention.start, mention.end) not in taken:
            end = mention.start + len(head[0])
            named.append(Mention("analyte", head[0], mention.start, end, head[1]))
        else:
            named.append(mention)
    named_so = any(m.term and m.term.name in GROUPS for m in named)
    if "blood" in text.lower():
        term = _analytes().get("血型")
        spans = [m.span(m.lastgroup or 0) for m in WRITTEN_EN.finditer(text)]
        named += [Mention("analyte", text[start:end], start, end, term) for start, end in spans]
    if "型" in text and not named_so:
        term = _analytes().get("血型")
        typed = [m.span() for m in TYPED.finditer(text)] or [m.span("type") for m in WRITTEN.finditer(text)]
        named += [Mention("analyte", text[start:end], start, end, term) for start, end in typed]
    return sorted(named, key=lambda m: m.start)


def _begins(name: str) -> tuple[str, Term] | None:
    names = _analytes()
    for length in range(min(len(name) - 1, 6), 1, -1):
        term = names.get(name[:length])
        if term:
            return name[:length], term
    return None


def _ends(name: str) -> tuple[str, Term] | None:
    """The analyte that a procedure measures (`在家量血压`)."""
    names = _analytes()
    found = next((name[-n:] for n in (4, 3, 2) if len(name) > n and name[-n:] in names), None)
    return (found, names[found]) if found and name[-len(found) - 1] in "量测查验" else None


@lru_cache(maxsize=1)
def _analytes() -> dict[str, Term]:
    """The analytes by name in Chinese characters."""
    known = [term for term in terms() if term.kind == "analyte"]
    return {name: term for term in known for name in (*term.colloquial, *term.names, term.name) if not name.isascii()}


@lru_cache(maxsize=1)
def _symbols() -> dict[str, tuple[re.Pattern[str], Decimal, Decimal, str]]:
    return {
        name: (re.compile(unit), Decimal(low), Decimal(high), meant)
        for name, unit, low, high, meant in rows("reading/result_symbols.tsv", 5)
    }


def meant(mention: Mention, name: str, amount: Decimal, unit: str | None) -> tuple[Mention, str]:
    """The mention and analyte name of a value: of a symbol with two meanings the one of its unit (`P 80次/分`)."""
    rule = _symbols().get(mention.name) or _symbols().get(name)
    if rule:
        pattern, low, high, other = rule
        term = _analytes().get(other)
        if term and (pattern.fullmatch(unit) if unit else low <= amount <= high):
            return replace(mention, term=term), other
    return mention, name


def plausible(name: str, written: str) -> bool:
    """Whether a number without a unit may be of a name: a short symbol has only the numbers of its range."""
    bounds = _ranges().get(name)
    if bounds:
        return bounds[0] <= (number(written) or Decimal(0)) <= bounds[1]
    return len(name) > 1 or not name.isascii()


@lru_cache(maxsize=1)
def _ranges() -> dict[str, tuple[Decimal, Decimal]]:
    return {name: (Decimal(low), Decimal(high)) for name, low, high in rows("reading/result_ranges.tsv", 3)}

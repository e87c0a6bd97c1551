"""Found, missed, and why: the expected key facts of each case against what this project says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import yaml

from tests.fidelity.corpus import Case
from tests.fidelity.facts import DATA, Fact, key_facts, keys, said


class Reason(NamedTuple):
    """Why an expected fact is not among ours. disagreement: it should not be; else it counts as missed; map: the
    official map contradicts it (the corpora's README: where they disagree, the maps win).

    resource, element, value: patterns of what it is about; source, file: of whose output, of which messages ("": any);
    elsewhere: only where the same value stands in a resource of another type; lacks: only of messages without this
    segment.
    """

    name: str
    why: str
    disagreement: bool
    map: bool
    resource: re.Pattern[str]
    element: re.Pattern[str]
    value: re.Pattern[str]
    source: str
    file: re.Pattern[str]
    elsewhere: bool
    lacks: str

    def holds(self, case: Case, fact: Fact, *, elsewhere: bool) -> bool:
        return bool(
            (elsewhere or not self.elsewhere)
            and (not self.lacks or not re.search(rf"^{self.lacks}\|", case.message, re.IGNORECASE | re.MULTILINE))
            and (not self.source or self.source == case.source)
            and self.resource.fullmatch(fact.resource)
            and self.element.fullmatch(fact.element)
            and self.value.fullmatch(fact.value)
            and self.file.search(case.name)
        )


def reasons() -> list[Reason]:
    """reasons.yaml, in order: the first that holds explains."""
    held = yaml.safe_load(DATA.joinpath("reasons.yaml").read_text(encoding="utf-8"))
    return [_reason(name, one, kind) for kind in ("maps", "others", "losses") for name, one in held[kind].items()]


def _reason(name: str, one: Mapping[str, Any], group: str) -> Reason:
    resource, element, value = (
        re.compile(str(one.get(key, ".*")), re.DOTALL) for key in ("resource", "element", "value")
    )
    file, lacks = re.compile(str(one.get("file", ""))), one.get("lacks", "")
    elsewhere = bool(one.get("elsewhere"))
    disputed, source = group != "losses", one.get("source", "")
    return Reason(name, one["why"], disputed, group == "maps", resource, element, value, source, file, elsewhere, lacks)


class Tally(NamedTuple):
    """expected: facts that count; found: in a resource of the same type; disputed: facts that a disagreement takes
    away, contradicted: those of them that the official maps contradict; misses: by (source, resource, element, reason);
    used: by name of a reason."""

    expected: Counter[str]
    found: Counter[str]
    disputed: Counter[str]
    contradicted: Counter[str]
    misses: Counter[tuple[str, str, str, str]]
    examples: dict[tuple[str, str, str, str], list[str]]
    used: Counter[str]


def score(cases: Iterable[Case]) -> Tally:
    """Counters by family ("ADT") and by source ("MS bundle"), and of "all"."""
    tally = Tally(Counter(), Counter(), Counter(), Counter(), Counter(), {}, Counter())
    why, key = reasons(), keys()
    for case in cases:
        ours = said(case.ours)
        for fact in key_facts(case.expected, key, case.message):
            _count(tally, case, fact, ours, why)
    return tally


def _count(tally: Tally, case: Case, fact: Fact, ours: Mapping[str, set[str]], why: list[Reason]) -> None:
    groups = ("all", case.family, case.source)
    found = bool(fact.keys & ours.get(fact.resource, set()))
    elsewhere = bool(fact.keys & ours[""])
    reason = None if found else next((one for one in why if one.holds(case, fact, elsewhere=elsewhere)), None)
    if reason:
        tally.used[reason.name] += 1
        if reason.disagreement:
            tally.disputed.update(groups)
            if reason.map:
                tally.contradicted.update(groups)
            return
    tally.expected.update(groups)
    if found:
        tally.found.update(groups)
    if not found:
        miss = (case.source, fact.resource, fact.element, reason.name if reason else "elsewhere" if elsewhere else "")
        tally.misses[miss] += 1
        tally.examples.setdefault(miss, []).append(f"{fact.value[:40]} ({case.name[-34:]})")

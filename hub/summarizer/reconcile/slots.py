"""The slots that decide whether two drafts are one fact: what must be equal, and what must only not contradict."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from hub.summarizer import terms
from hub.summarizer.coded.problems import GENERAL_ALLERGY, NO_ALLERGY, denial_key
from hub.summarizer.drafts import GLOBAL_SYSTEMS, Draft
from hub.summarizer.reconcile import concepts, dates
from hub.summarizer.rows import rows

_FAMILY = {"symptom": "problem"}
REFINED = frozenset({"problem", "family", "procedure", "immunization", "plan"})
"""Kinds of which a broad word may stand for a narrow one."""
_LASTING_DAYS = 366
"""A complaint without a date is taken for the one of the year around the day of writing."""

_ANY_ALLERGY = re.compile(
    r"(?:(?:任何|其他|明确|已知|明显)?的?(?:药物?|食物|及|和|与|或|、|，|,|/|接触物|花粉|海鲜)*过敏史?|药物?|食物|过敏原)$|"
    r"(?:known )?(?:(?:drug|food|medication|other) )*allerg(?:y|ies)|nkd?a|nkfa",
    re.IGNORECASE,
)
_BLOOD_GROUPS = frozenset({"term|analyte:ABO血型", "term|analyte:Rh血型"})
_BLOOD = re.compile(r"(?<![A-Z])(AB|A|B|O)(?![A-Z])")
_SIGN = r"(阳|阴|\+|-|POS|NEG)"
_RHESUS = re.compile(rf"(?:RH|D)[^A-Z]{{0,4}}?{_SIGN}|(?<=[ABO型])[\s(（]*{_SIGN}", re.IGNORECASE)
_QUALITATIVE = (
    (
        "+",
        re.compile(r"[(（]?\+[)）]?|阳性?[(（]?\+?[)）]?|pos(?:itive)?|反应性|reactive|检出|detected", re.IGNORECASE),
    ),
    (
        "-",
        re.compile(
            r"[(（]?[-—－][)）]?|阴性?[(（]?[-—－]?[)）]?|neg(?:ative)?|非反应性|non-?reactive|未检出|not detected",
            re.IGNORECASE,
        ),
    ),
)
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")


class Mark(NamedTuple):
    """What must not contradict. terms: of the tables, or of a name with a grade; about: of an undated complaint the
    day of writing.
    """

    start: str
    ago: bool
    end: str
    side: str
    terms: frozenset[str]
    about: str


def mark(draft: Draft) -> Mark:
    start = (draft.start or "") if draft.kind == "result" else dates.day(draft.start)
    about = "" if start or not _recurs(draft) else draft.evidence.day
    return Mark(start, draft.ago, dates.day(draft.end), draft.laterality, _terms(draft.keys), about)


@lru_cache(maxsize=65536)
def _terms(keys: frozenset[str]) -> frozenset[str]:
    known = frozenset(k for k in keys if k.startswith("term|"))
    return known or frozenset(k for k in keys if k.startswith("name|") and concepts.grade(k)[1])


def agree(a: Mark, b: Mark) -> bool:
    """Whether two drafts that share a key may be one fact."""
    if a.side and b.side and a.side != b.side:
        return False
    if not dates.agree(a.start, b.start, a.ago, b.ago) or not dates.agree(a.end, b.end, a.ago, b.ago):
        return False
    if a.about or b.about:
        then, other = a.start or a.about, b.start or b.about
        if then and other and dates.apart(then, other) > _LASTING_DAYS:
            return False
    return not a.terms or not b.terms or bool(a.terms & b.terms) or refined(a.terms, b.terms)


@lru_cache(maxsize=65536)
def refined(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether one of the terms only adds a type or stage to the other."""
    pairs = [(x, y) for x in a for y in b] + [(y, x) for x in a for y in b]
    return any(wide in concepts.broader(narrow) and concepts.refines(narrow, wide) for narrow, wide in pairs)


def passes(draft: Draft) -> bool:
    """Whether it comes and goes."""
    return draft.kind == "symptom" or any(concepts.passes(k) for k in draft.keys)


def _recurs(draft: Draft) -> bool:
    """Whether, said without a date, it is of the time of writing."""
    now = draft.assertion == "present" and draft.status != "resolved"
    return now and (draft.kind == "symptom" or any(concepts.recurs(k) for k in draft.keys))


def worded(draft: Draft) -> bool:
    """Whether it is free text, or without a code that all understand."""
    return draft.free or draft.code is None or draft.code["system"] not in GLOBAL_SYSTEMS


def kind(draft: Draft) -> str:
    """Of what kind it is for comparing: a complaint that somebody coded is a problem."""
    found = _FAMILY.get(draft.kind, draft.kind)
    return "plan" if draft.section == "plans" and found != "medication" else found


def keys(draft: Draft) -> frozenset[str]:
    """The keys by which it is compared: all words for `no known allergy` are one."""
    if draft.kind == "allergy" and draft.assertion == "absent" and denies_any(draft):
        found = {k for k in draft.keys if k.startswith(GENERAL_ALLERGY)}
        return frozenset(found or {denial_key(draft.name, draft.code)})
    if draft.kind == "encounter":
        return draft.keys | {f"encounter|{draft.name}"}
    return draft.keys


def denies_any(draft: Draft) -> bool:
    """Whether an absent allergy is the absence of any (of a kind), not of one allergen."""
    if any(k.startswith(GENERAL_ALLERGY) for k in draft.keys):
        return True
    return bool(NO_ALLERGY.search(draft.name) or _ANY_ALLERGY.match(draft.name))


def scope(draft: Draft) -> tuple[Any, ...]:
    """What must be equal."""
    found = kind(draft)
    extra: Any = ()
    if found == "family":
        extra = relative(draft)
    elif found == "result":
        extra = outcome(draft)
    elif found == "social":
        extra = _said(draft)
    elif found == "encounter":
        extra = (draft.free, *(draft.group or (draft.evidence.organization, "" if draft.start else draft.details)))
    return draft.section, found, draft.assertion, extra


def relative(draft: Draft) -> str:
    """One name of the relative whose illness it is, "" where nobody says whose."""
    said = str(draft.group[0]) if draft.group else draft.details[0] if draft.details else ""
    return kin(said)


@lru_cache(maxsize=4096)
def kin(said: str) -> str:
    folded = terms.fold(said)
    return _relatives().get(folded) or _relatives().get(re.sub(r"^(?:患者|病人|其|他|她|我)的?", "", folded), folded)


@lru_cache(maxsize=1)
def _relatives() -> dict[str, str]:
    table = rows("reconcile/kin.tsv", 2)
    return {terms.fold(word): name for name, words in table for word in (name, *words.split("|"))}


def outcome(draft: Draft) -> str:
    """A result that is no number, in one spelling: `+`, `-`, a blood group, else its words."""
    text = str((draft.value or {}).get("text") or "")
    if draft.keys & _BLOOD_GROUPS:
        return " ".join(blood_group(text)) or terms.fold(text)
    return qualitative(text)


@lru_cache(maxsize=4096)
def qualitative(text: str) -> str:
    plain = text.strip()
    return next((sign for sign, words in _QUALITATIVE if words.fullmatch(plain)), terms.fold(plain) or plain)


@lru_cache(maxsize=4096)
def blood_group(text: str) -> tuple[str, ...]:
    """`("A",)`, `("A", "Rh+")`, `("Rh-",)`; () where it says none."""
    folded = text.upper().replace("0型", "O型").replace("RHESUS", "RH")
    rhesus = _RHESUS.search(folded)
    abo = _BLOOD.search(folded.replace("ABO", ""))
    sign = next((g for g in rhesus.groups() if g), "") if rhesus else ""
    found = [abo.group(1)] if abo else []
    return (*found, "Rh+" if sign in ("阳", "+", "POS") else "Rh-") if sign else tuple(found)


def is_blood_group(draft: Draft) -> bool:
    return bool(draft.keys & _BLOOD_GROUPS)


def _said(draft: Draft) -> tuple[Any, ...]:
    """Of habits, whether they are over and the numbers that are said; coded ones say one value."""
    if not draft.free and draft.group:
        return draft.group
    words = " ".join([str((draft.value or {}).get("text") or ""), *draft.details])
    return "戒" in words or "former" in words.lower(), tuple(sorted(_NUMBERS.findall(words)))

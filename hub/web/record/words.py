"""The record's code words as texts for people, and the summarizer's fixed sentences as texts with values.

Each text is a msgid: templates translate it. What was said by institutions is never translated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hub.web.words import N_


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text with values, for `page._(msgid, **values)`."""

    msgid: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tag:
    """A word that stands beside a statement. kind: its look (CSS class)."""

    kind: str
    msgid: str


SECTION = {
    "problems": N_("Problems"),
    "allergies": N_("Allergies"),
    "medications": N_("Medications"),
    "results": N_("Results"),
    "procedures": N_("Procedures"),
    "immunizations": N_("Immunizations"),
    "encounters": N_("Encounters"),
    "history": N_("Personal and family history"),
    "plans": N_("Plans"),
    "patient": N_("Patient"),
}

ABSENT = Tag("absent", N_("denied / none"))
NOT_DONE = Tag("absent", N_("not done"))
NOT_TO_BE_DONE = Tag("absent", N_("not to be done"))
UNCERTAIN = Tag("uncertain", N_("uncertain"))

IN_USE = Tag("active", N_("in use"))
ACTIVE = Tag("active", N_("active"))
PRELIMINARY = Tag("uncertain", N_("preliminary"))

STATUS = {
    "resolved": Tag("past", N_("resolved")),
    "stopped": Tag("past", N_("stopped")),
    "planned": Tag("planned", N_("planned")),
}

INTERPRETATION = {
    "H": Tag("high", N_("high ↑")),
    "HH": Tag("high", N_("critically high ↑↑")),
    "HU": Tag("high", N_("critically high ↑↑")),
    "L": Tag("low", N_("low ↓")),
    "LL": Tag("low", N_("critically low ↓↓")),
    "LU": Tag("low", N_("critically low ↓↓")),
    "A": Tag("abnormal", N_("abnormal")),
    "AA": Tag("abnormal", N_("critically abnormal")),
    "POS": Tag("abnormal", N_("positive")),
    "N": Tag("normal", N_("normal")),
    "NEG": Tag("normal", N_("negative")),
}

CONFLICT = {
    "dose": N_("Different doses of one medicine"),
    "medication-status": N_("Taken or stopped?"),
    "allergy": N_("Allergy stated and denied"),
    "assertion": N_("Stated and denied"),
    "diagnosis": N_("Diagnoses that exclude each other"),
    "result": N_("Different results of one time"),
    "date": N_("Different dates"),
    "laterality": N_("Different sides"),
    "blood-group": N_("Different blood groups"),
    "identity": N_("Different personal data"),
}

_FIELD = {"姓名": N_("Different names"), "性别": N_("Different sexes"), "出生日期": N_("Different birth dates")}

_IDENTITY = re.compile(r"(姓名|性别|出生日期)不一致：(.*)；(.*?)（([^（）]*)）$", re.DOTALL)

ASPECT = {
    "control": N_("Control"),
    "medication": N_("Medication"),
    "complication": N_("Complications"),
    "check": N_("Last checks"),
}
"""Aspects of the course of a disease."""

CHECK = {
    "未发来": N_("never sent"),
    "见原文": N_("in a note, see the sentences"),
    "有结果，无日期": N_("sent without a date"),
}
NOT_SENT = frozenset({"未发来", "各机构发来的资料中没有相关在用药物"})

TREND = {
    "rising": Tag("trend", N_("↗ rising")),
    "falling": Tag("trend", N_("↘ falling")),
    "stable": Tag("trend", N_("→ stable")),
}
"""Of a series whose last two measurements are on one scale."""

_LAST = re.compile(r"最近一次(?P<what>.+)为 (?P<day>\S+)，距今已超过(?P<months>\d+)个月")

_BY_MESSAGE = r" message (?P<message>.*) of (?P<time>\S+)"
_PATTERNS = tuple(
    (re.compile(pattern), msgid)
    for pattern, msgid in (
        (f"superseded by{_BY_MESSAGE}", N_("corrected by message %(message)s of %(time)s")),
        (f"withdrawn by{_BY_MESSAGE}", N_("withdrawn by message %(message)s of %(time)s")),
        (f"amended by{_BY_MESSAGE}", N_("amended by message %(message)s of %(time)s")),
        (
            r"a (?P<type>\w+) without a code, value or text that can be stated",
            N_("a %(type)s without a code, value or text that can be stated"),
        ),
        (
            r"身份证号 (?P<number>\S+) 的校验位不符，请核对",
            N_("The check digit of identity number %(number)s is wrong: please verify"),
        ),
    )
)

FIXED = (
    N_("another patient"),
    N_("another referral of this patient"),
    N_("withdrawn by its sender"),
    N_("a report without text of its own: its results are listed themselves"),
    N_("a medicine that no order of the same message names"),
    N_("a document without readable text"),
    N_("attached files without readable text"),
    N_("a visit without date, place or reason"),
    N_("a specimen: its results are listed themselves"),
)
"""Reasons without values; the sentences of `missing` are msgids of their own, in Chinese (locale/en)."""


def phrase(sentence: str) -> Phrase:
    """A sentence of the summarizer as a msgid with values; one that is not known stays as it is."""
    if last := _LAST.fullmatch(sentence):
        text = f"最近一次{last['what']}为 %(day)s，距今已超过{last['months']}个月"
        return Phrase(text, {"day": last["day"]})
    for pattern, msgid in _PATTERNS:
        if found := pattern.fullmatch(sentence):
            values = found.groupdict()
            if "time" in values:
                values["time"] = values["time"][:10]
            return Phrase(msgid, values)
    return Phrase(sentence)


def identity(sentence: str) -> tuple[str, str, str, str] | None:
    """Of an identity conflict: msgid, the record's value, the other, and who says the other; None if it is not so."""
    found = _IDENTITY.fullmatch(sentence)
    return (_FIELD[found[1]], found[2], found[3], found[4]) if found else None


def status_tag(status: str, section: str) -> Tag | None:
    """What is active is told of problems and medicines, and of results that are not final yet."""
    if status == "active":
        return {"problems": ACTIVE, "medications": IN_USE, "results": PRELIMINARY}.get(section)
    return STATUS.get(status)


def interpretation_tag(code: str | None) -> Tag | None:
    """Of an interpretation code; one that is not known is its own word."""
    return None if not code else INTERPRETATION.get(code, Tag("abnormal", code))


def assertion_tag(assertion: str, section: str) -> Tag | None:
    if assertion == "absent":
        not_done = {"procedures": NOT_DONE, "immunizations": NOT_DONE, "plans": NOT_TO_BE_DONE}
        return not_done.get(section, ABSENT)
    return UNCERTAIN if assertion == "uncertain" else None

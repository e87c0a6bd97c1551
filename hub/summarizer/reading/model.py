"""What the steps of reading a sentence hand to each other.

All offsets are characters of the sentence's `text`, which is the received text in simplified Chinese and half width,
character for character (so that an offset in one is an offset in the other).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from hub.summarizer.terminology.tables import Term

Section = Literal[
    "", "complaint", "present", "past", "personal", "family", "allergies", "examination", "investigation", "diagnosis",
    "treatment", "medications", "plan",
]  # fmt: skip
"""Part of a document: 主诉, 现病史, 既往史, 个人史, 家族史, 过敏史, 体格检查, 辅助检查, 诊断, 诊疗经过, 用药, 医嘱."""

Assertion = Literal["present", "absent", "uncertain"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a sentence. term: of the tables, None where only its form says what it is; name: as written there."""

    kind: str
    name: str
    start: int
    end: int
    term: Term | None


@dataclass(frozen=True, slots=True)
class When:
    """A date or period in a sentence, as FHIR dates of the precision that was said. until: end of a period, else None.

    value None with until: open to the past. ago: said relative to the document's date. around: "about", "好几年前".
    """

    start: int
    end: int
    value: str | None
    until: str | None = None
    ago: bool = False
    around: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a mention.

    subject: "" the patient, else the relative as written (`母亲`); planned: hypothetical, intended or not yet done;
    historical: said to have been before (曾, 既往, history of); resolved: said to be over (已治愈, 已停, 缓解);
    cues: the words that say so, (start, end), for citing, and where their place decides.
    """

    assertion: Assertion = "present"
    subject: str = ""
    planned: bool = False
    historical: bool = False
    resolved: bool = False
    cues: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """How a medicine is, was or shall be taken. unit: `mg`, `ug`, `g`, `mL`, `U` or a counted form (`片`, `粒`, `喷`).

    frequency: `qd`, `bid`, `tid`, `qid`, `qn`, `qod`, `qw`, `prn`, `st`, else as written; a change of dose is two of
    them: the old one stopped with `end`, the new one active with `start`. by: who changed it, as written.
    """

    mention: Mention
    status: Literal["active", "stopped", "planned", "unknown"]
    dose: Decimal | None = None
    unit: str | None = None
    route: str | None = None
    frequency: str | None = None
    start: str | None = None
    end: str | None = None
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A result in a sentence. name: of the analyte (`收缩压` of `血压 162/97`); text: the value as written, with sign;
    place: where the value and its unit stand.

    number None: a qualitative result (`阳性`, `2+`, `B型`). when None: nothing in the sentence dates it.
    """

    mention: Mention
    name: str
    text: str
    place: tuple[int, int]
    number: Decimal | None = None
    unit: str | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    interpretation: str | None = None
    when: When | None = None

"""Pairs of statements: such as differ in one slot only, which must stay apart, and such as say the same in other words.

Each is told in all combinations of coded and free text, by one organisation or by two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

from hub.summarizer.drafts import Draft
from tests.unit.summarizer.statements import COUNTY, TERTIARY, find, measure, relative, say, take


@dataclass(frozen=True, slots=True)
class Pair:
    label: str
    slot: str
    one: Draft
    other: Draft


Make = Callable[[str, str], Draft]
_HOW = tuple(product((True, False), (True, False), ((COUNTY, COUNTY), (COUNTY, TERTIARY))))


def _told(slot: str, label: str, one: Make, other: Make) -> Iterator[Pair]:
    """Both statements, coded or free, of one or two organisations, a month apart."""
    for first_free, second_free, (by, also) in _HOW:
        a, b = one(by, "2025-03-01"), other(also, "2025-04-02")
        yield Pair(f"{slot}: {label}", slot, _coded(a, first_free), _coded(b, second_free))


def _coded(draft: Draft, free: bool) -> Draft:
    code = None if free else {"system": "urn:local", "code": draft.name, "display": draft.name}
    return replace(draft, free=free, code=code)


_MEDICINES = (("缬沙坦", "80", "160"), ("氨氯地平", "5", "10"), ("二甲双胍", "500", "850"), ("瑞舒伐他汀", "10", "20"),
              ("美托洛尔", "25", "47.5"), ("甘精胰岛素", "12", "18"))  # fmt: skip
_ILLNESSES = ("高血压", "2型糖尿病", "冠心病", "慢性阻塞性肺疾病", "高脂血症", "痛风")
_ANALYTES = (("肌酐", "161", "175", "umol/L"), ("钾", "4.88", "5.22", "mmol/L"), ("糖化血红蛋白", "9.1", "9.4", "%"),
             ("血红蛋白", "117", "105", "g/L"), ("N末端B型钠尿肽原", "840", "480", "pg/mL"))  # fmt: skip


def differing() -> list[Pair]:
    """More than a thousand."""
    return [pair for slot in (_doses, _problems, _events, _results, _types) for pair in slot()]


def _doses() -> Iterator[Pair]:
    for name, low, high in _MEDICINES:
        unit = "U" if "胰岛素" in name else "mg"

        def dose(amount: str, often: str = "qd", unit: str = unit, status: str = "active", name: str = name) -> Make:
            return lambda by, on: take(name, amount, unit, often, status=status, by=by, on=on)

        yield from _told("dose", f"{name} {low}/{high}", dose(low), dose(high))
        yield from _told("unit", f"{name} mg/g", dose(low, unit="mg"), dose(low, unit="g"))
        yield from _told("unit", f"{name} mg/ug", dose(low, unit="mg"), dose(low, unit="ug"))
        for often in ("bid", "tid", "qod", "qw", "prn"):
            yield from _told("frequency", f"{name} qd/{often}", dose(low), dose(low, often))
        for status in ("stopped", "planned"):
            yield from _told("status", f"{name} {status}", dose(low), dose(low, status=status))

        def since(start: str, name: str = name, low: str = low, unit: str = unit) -> Make:
            return lambda by, on: take(name, low, unit, "qd", start=start, by=by, on=on)

        yield from _told("date", f"{name} since", since("2023-05"), since("2021-05"))


def _problems() -> Iterator[Pair]:
    for name in _ILLNESSES:

        def ill(start: str | None = None, assertion: str = "present", name: str = name) -> Make:
            return lambda by, on: say("problem", name, start=start, assertion=assertion, by=by, on=on)

        yield from _told("negation", name, ill(), ill(assertion="absent"))
        yield from _told("negation", f"{name}?", ill(), ill(assertion="uncertain"))
        for start, other in (("2018-08-14", "2018-09"), ("2013", "2015"), ("2020-01-05", "2021-01-05")):
            yield from _told("date", f"{name} {start}/{other}", ill(start), ill(other))

        def kin(who: str, name: str = name) -> Make:
            return lambda by, on: relative(who, name, by=by, on=on)

        yield from _told("relative", f"{name} 父亲/母亲", kin("父亲"), kin("母亲"))
        yield from _told("relative", f"{name} 哥哥/弟弟", kin("哥哥"), kin("弟弟"))
        yield from _told("relative", f"{name} 本人/父亲", ill(), kin("父亲"))


def _events() -> Iterator[Pair]:
    for name, side in product(("膝关节置换术", "白内障超声乳化术", "腹股沟疝修补术", "髋关节置换术"), ("L", "B")):

        def done(start: str = "2021-08", side: str = "", name: str = name, assertion: str = "present") -> Make:
            return lambda by, on: say(
                "procedure", name, start=start, laterality=side, assertion=assertion, by=by, on=on
            )

        yield from _told("side", f"{name} {side}/R", done(side=side), done(side="R"))
        yield from _told("date", f"{name} 2021/2022", done("2021-08", side), done("2022-08", side))
        yield from _told("negation", name, done(side=side), done(side=side, assertion="absent"))
    for allergen in ("青霉素", "磺胺", "碘造影剂", "头孢菌素"):

        def allergic(assertion: str, name: str = allergen) -> Make:
            return lambda by, on: say("allergy", name, assertion=assertion, by=by, on=on)

        yield from _told("negation", f"{allergen}过敏", allergic("present"), allergic("absent"))
        yield from _told("type", f"{allergen}/破伤风", allergic("present"), allergic("present", "破伤风抗毒素"))


def _results() -> Iterator[Pair]:
    for name, number, other, unit in _ANALYTES:

        def at(number: str, start: str, unit: str = unit, name: str = name) -> Make:
            return lambda by, on: measure(name, number, unit, start, by=by, on=on)

        for when in ("2025-02-01T07:30:00+08:00", "2025-02-01", "2025-02"):
            yield from _told("value", f"{name} {number}/{other} {when}", at(number, when), at(other, when))
        yield from _told("value", f"{name} day", at(number, "2025-02-01"), at(number, "2025-02-03"))
    for name, found, other in (("ABO血型", "A型", "AB型"), ("乙肝表面抗原", "阳性", "阴性"), ("尿蛋白", "2+", "3+")):

        def finding(text: str, name: str = name) -> Make:
            return lambda by, on: find(name, text, "2025-02-01", by=by, on=on)

        yield from _told("value", name, finding(found), finding(other))


_TYPES = (
    ("1型糖尿病", "2型糖尿病"), ("慢性肾脏病3期", "慢性肾脏病4期"), ("慢性肾脏病3a期", "慢性肾脏病3b期"),
    ("高血压2级", "高血压3级"), ("脑梗死", "脑出血"), ("慢性阻塞性肺疾病", "支气管哮喘"),
    ("阵发性心房颤动", "持续性心房颤动"), ("甲状腺功能减退症", "甲状腺功能亢进症"),
    ("高血压2级高危", "高血压2级很高危"), ("心绞痛", "心律失常"),
)  # fmt: skip


def _types() -> Iterator[Pair]:
    for one, other in _TYPES:

        def ill(name: str) -> Make:
            return lambda by, on: say("problem", name, by=by, on=on)

        yield from _told("type", f"{one}/{other}", ill(one), ill(other))


def same() -> list[Pair]:
    """True duplicates in other words, units and precision."""

    def of(label: str, one: Draft, other: Draft) -> Pair:
        return Pair(label, "", one, other)

    by = {"by": TERTIARY, "on": "2025-04-02"}
    return [
        of("synonyms", say("problem", "高血压", code="I10"), say("problem", "原发性高血压", **by)),
        of("year and day", say("problem", "痛风", start="2018-08-14"), say("problem", "痛风", start="2018", **by)),
        of("counted", say("problem", "痛风", start="2016-11"), say("problem", "痛风", start="2015", ago=True, **by)),
        of("no date", say("problem", "痛风", start="2019"), say("problem", "痛风", **by)),
        of("broad", say("problem", "2型糖尿病", code="E11.9"), say("problem", "糖尿病", **by)),
        of("complaint", say("symptom", "咳嗽", start="2025-03"), say("problem", "咳嗽", start="2025-03-02", **by)),
        of("mg and g", take("二甲双胍", "500", "mg", "tid"), take("格华止", "0.5", "g", "tid", **by)),
        of("ug and mg", take("左甲状腺素", "50", "ug", "qd"), take("优甲乐", "0.05", "mg", "qd", **by)),
        of("brand", take("代文", "80", "mg", "qd"), take("缬沙坦胶囊", "80", "mg", "qd", **by)),
        of("no dose", take("缬沙坦", "80", "mg", "qd"), take("缬沙坦", **by)),
        of("no frequency", take("缬沙坦", "80", "mg", "qd"), take("缬沙坦", "80", "mg", **by)),
        of("stopped", take("别嘌醇", status="stopped", end="2024"),
           take("别嘌醇", "100", "mg", "qd", status="stopped", end="2024-03-20", **by)),
        of("side", say("procedure", "白内障超声乳化术", laterality="R", start="2021-08-24"),
           say("procedure", "白内障超声乳化术", start="2021", **by)),
        of("class words", say("allergy", "青霉素"), say("allergy", "青霉素类", **by)),
        of("relative", relative("父亲", "冠心病"), relative("爸爸", "冠心病", **by)),
        of("vaccine", say("immunization", "流感疫苗", start="2024-10-13"),
           say("immunization", "流感疫苗", start="2024", **by)),
    ]  # fmt: skip

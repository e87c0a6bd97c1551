"""What is so of a generated patient: who it is, and the facts of its archetype with their days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.evaluation.generator.facts import Fact
from tests.evaluation.generator.vocabulary import Concept, archetypes, phrases, table

ANTICOAGULANTS = ("华法林", "利伐沙班", "达比加群", "氯吡格雷")
IMPLANTS = ("冠状动脉支架植入术", "永久起搏器植入术", "二尖瓣置换术", "颈动脉支架植入术")
_SIDE_WORDS = {"膝关节置换术": "", "髋关节置换术": "", "腹股沟疝修补术": "侧", "白内障超声乳化术": "眼"}
_ABSENT_IN_PICTURES = ("胸腔积液", "淋巴结肿大", "腹水", "心包积液", "气胸", "肾积水")
_PAST = ("肺结核", "肺炎", "胃溃疡")
_CHILDS_PAST = ("肺炎", "热性惊厥", "川崎病")


@dataclass(slots=True)
class Patient:
    """facts: all, by their wording; person: what messages say of the person."""

    name: str
    archetype: str
    rules: dict[str, Any]
    as_of: date
    person: dict[str, Any]
    facts: list[Fact] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)

    def of(self, *wordings: str) -> list[Fact]:
        return [f for f in self.facts if f.wording in wordings]

    def add(self, fact: Fact) -> Fact:
        self.facts.append(fact)
        return fact


def patient(name: str, archetype: str, chance: Random) -> Patient:
    rules = archetypes()[archetype]
    as_of = date(2024, 1, 1) + timedelta(days=chance.randrange(60, 900))
    made = Patient(name, archetype, rules, as_of, _person(rules, as_of, chance))
    for build in (_problems, _symptoms, _medicines, _results, _allergies, _procedures, _history):
        build(made, chance)
    return made


def of_concept(wording: str, concept: Concept, **more: Any) -> Fact:
    return Fact(wording, concept.name, concept.names, [concept.code], concept, **more)


def _person(rules: dict[str, Any], as_of: date, chance: Random) -> dict[str, Any]:
    names = phrases()["names"]
    low, high = rules["age"]
    age = chance.randint(low, high)
    birth = date(as_of.year - age - 1, 1, 1) + timedelta(days=chance.randrange(365))
    sex = rules.get("sex") or chance.choice("MF")
    city = chance.choice(names["places"])
    serial = f"{chance.randrange(100, 999)}"
    digits = f"99{chance.randrange(1000, 9999)}{birth:%Y%m%d}{serial}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]
    codes = {k: f"{k}{chance.randrange(100, 999)}" for k in ("CUN", "XIAN", "ZHEN", "SHI", "LAB")}
    return {
        "name": chance.choice(names["surnames"]) + chance.choice(names["given"]),
        "birth": birth,
        "hl7_sex": sex,
        "sex": "男" if sex == "M" else "女",
        "national": digits + check,
        "city": f"{city}市",
        "codes": codes,
        "mrn": {c: str(chance.randrange(1000000, 9999999)) for c in codes.values()},
        "organizations": {
            "CUN": f"{chance.choice(names['places'])}村卫生室",
            "XIAN": f"{city}县人民医院",
            "ZHEN": f"{chance.choice(names['places'])}镇卫生院",
            "SHI": f"{city}市中心医院",
            "LAB": f"{city}区域检验中心",
        },
    }


def _ago(made: Patient, chance: Random, least: int, most: int) -> date:
    """A day between `least` and `most` days before the referral, after birth."""
    alive = max(least + 1, min(most, (made.as_of - made.person["birth"]).days - 30))
    return made.as_of - timedelta(days=chance.randrange(least, alive))


def _some(chance: Random, given: Sequence[str], least: int, most: int, without: set[str]) -> list[str]:
    left = [g for g in given if g not in without]
    return chance.sample(left, min(len(left), chance.randint(least, most)))


def _problems(made: Patient, chance: Random) -> None:
    rules, problems = made.rules, table("problems")
    pregnant = "pregnant" in rules
    for name in rules["main"]:
        start = _ago(made, chance, 20, 90) if pregnant else _ago(made, chance, 200, 4500)
        made.add(of_concept("problem", problems[name], start=start, safety=True, main=True, grade=1))
    taken = {*rules["main"]}
    others = _some(chance, rules["also"], 1, 3, taken)
    for name in others:
        made.add(of_concept("problem", problems[name], start=_ago(made, chance, 300, 4000)))
    taken |= {*others}
    child = rules["age"][1] < 18
    if chance.random() < 0.5:
        name = chance.choice(
            [p for p in (_CHILDS_PAST if child else _PAST) if p not in taken | {*rules["not_problems"]}]
        )
        past = of_concept("historic", problems[name], start=_ago(made, chance, 500 if child else 3000, 9000))
        past.tag("historic")
        made.add(past)
        taken.add(name)
    uncertain = _some(chance, rules["uncertain"], 1, 2, taken)
    for name in uncertain:
        made.add(of_concept("uncertain", problems[name], tags=["uncertainty"]))
    taken |= {*uncertain}
    for name in _some(chance, rules["not_problems"], 2, 4, taken):
        made.add(of_concept("negated_problem", problems[name], tags=["negation"]))
        taken.add(name)
    for name in _some(chance, _ABSENT_IN_PICTURES, 1, 2, taken):
        made.add(of_concept("negated_finding", problems[name], tags=["negation"]))


def _symptoms(made: Patient, chance: Random) -> None:
    symptoms = table("symptoms")
    for name in _some(chance, made.rules["symptoms"], 2, 3, set()):
        made.add(of_concept("symptom", symptoms[name], start=_ago(made, chance, 12, 160), grade=1))
    for name in _some(chance, made.rules["not_symptoms"], 3, 4, set()):
        made.add(of_concept("negated_symptom", symptoms[name], tags=["negation"]))


def medicine(wording: str, concept: Concept, dose: float | None, **more: Any) -> Fact:
    row = concept.row
    said = {"dose": dose, "unit": row["unit"], "route": row["route"], "frequency": row["freq"], "name": concept.name}
    if dose is None:
        said |= {"unit": None, "route": None, "frequency": None}
    names = concept.names
    return Fact(wording, concept.name, names, [concept.code], concept, medication=said, **more)


def _medicines(made: Patient, chance: Random) -> None:
    medicines = table("medicines")
    current = _some(chance, made.rules["medicines"], 3, 4, set())
    changing = chance.choice(current)
    for name in current:
        concept = medicines[name]
        dose, other = float(concept.row["dose"]), float(concept.row["other_dose"])
        safety = name in ANTICOAGULANTS or "胰岛素" in name
        start = _ago(made, chance, 60, 1500) if chance.random() < 0.7 else None
        if name == changing:
            start = _ago(made, chance, 60, 400)
            before = medicine("med_stopped", concept, other, end=start, tags=["dose-change"], grade=1)
            before.more |= {"only_changed": True}
            after = medicine("med_current", concept, dose, start=start, safety=safety, grade=1, tags=["dose-change"])
            after.more |= {"dose0": other, "before": before}
            made.add(before)
            made.add(after)
        else:
            made.add(medicine("med_current", concept, dose, start=start, safety=safety, grade=1))
    stopped = _some(chance, made.rules["stopped"], 1, 2, {*current})
    for name in stopped:
        made.add(medicine("med_stopped", medicines[name], None, end=_ago(made, chance, 60, 500)))
    for name in _some(chance, made.rules["medicine_plans"], 1, 1, {*current, *stopped}):
        plan = of_concept("med_plan", medicines[name], tags=["plan-trap"])
        made.add(plan)


def result(concept: Concept, day: date, number: float, other_unit: bool) -> Fact:
    """A measurement of 7:30 that day, in the table's unit or in the other one."""
    row = concept.row
    decimals, unit, factor = int(row["decimals"]), row["unit"], 1.0
    if other_unit and row["factor"]:
        unit, factor, decimals = row["other_unit"], float(row["factor"]), 2
    written = f"{number * factor:.{decimals}f}"
    made = Fact("lab", concept.name, concept.names, [concept.code], concept, start=day)
    value = float(written)
    made.value = {"number": value, "unit": unit, "canonical": value / factor, "canonical_unit": row["unit"]}
    low, high = row["ref_low"], row["ref_high"]
    scaled = [f"{float(x) * factor:g}" if x else "" for x in (low, high)]
    made.more |= {"written": written, "range": "-".join(scaled) if any(scaled) else ""}
    if not unit:
        made.value["unit_optional"] = True
    if unit != row["unit"]:
        made.tag("unit-change")
    return made


def number_of(concept: Concept, chance: Random) -> float:
    return chance.uniform(float(concept.row["low"]), float(concept.row["high"]))


def _results(made: Patient, chance: Random) -> None:
    analytes = table("analytes")
    days = sorted(_ago(made, chance, low, high) for low, high in ((8, 50), (100, 250), (300, 550)))
    chosen = list(dict.fromkeys([*made.rules["key"], *_some(chance, made.rules["labs"], 2, 4, set())]))
    for name in chosen:
        concept = analytes[name]
        key = name in made.rules["key"]
        for index in sorted(chance.sample(range(3), chance.choice([1, 2, 2, 3]))):
            fact = result(concept, days[index], number_of(concept, chance), chance.random() < 0.3)
            fact.grade = 2 if key else 0
            made.add(fact)
        newest = max((f for f in made.of("lab") if f.name == name), key=lambda f: f.start or date.min)
        newest.safety = key
    vitals = phrases()["vitals"]
    name = chance.choice(list(vitals))
    rule = vitals[name]
    written = f"{chance.uniform(rule['low'], rule['high']):.{rule['decimals']}f}"
    vital = Fact("vital", name, [*rule["names"]], [rule["code"]])
    vital.value = {"number": float(written), "unit": rule["unit"], "canonical": float(written),
                   "canonical_unit": rule["unit"], "unit_optional": True}  # fmt: skip
    vital.more |= {"written": written, "surfaces": {"english": rule["english"], "other": rule["formal"][:1]}}
    made.add(vital)


def _allergies(made: Patient, chance: Random) -> None:
    draw = chance.random()
    if draw < 0.2:
        return
    if draw < 0.45:
        made.add(Fact("allergy_absent", "药物过敏", _NO_ALLERGY, ["716186003"], tags=["negation"]))
        return
    current = {f.name for f in made.of("med_current")}
    for concept in chance.sample([c for c in table("allergens").values() if c.name not in current], 1):
        fact = of_concept("allergy", concept, safety=True, grade=1)
        fact.more["reaction"] = concept.row["reaction"]
        if chance.random() < 0.3:
            fact.start = _ago(made, chance, 400, 4000)
        made.add(fact)


_NO_ALLERGY = ["药物过敏", "过敏", "药物过敏史", "食物药物过敏", "allergies", "allergy", "NKDA", "drug allergies"]


def no_allergy(**more: Any) -> Fact:
    return Fact("allergy_absent", "药物过敏", _NO_ALLERGY, ["716186003"], tags=["negation"], **more)


def sided(fact: Fact, side: str | None) -> Fact:
    """A procedure with its side, as Chinese says it of that organ."""
    fact.laterality = side
    if side:
        fact.more["side"] = _SIDE_WORDS.get(fact.name, "侧")
    return fact


def _procedures(made: Patient, chance: Random) -> None:
    for name in _some(chance, made.rules["procedures"], 1, 2, set()):
        concept = table("procedures")[name]
        fact = of_concept("procedure", concept, start=_ago(made, chance, 700, 4500), safety=name in IMPLANTS)
        made.add(sided(fact, chance.choice("左右") if concept.row["side"] else None))
    for name in _some(chance, made.rules["plans"], 1, 1, set()):
        made.add(of_concept("procedure_plan", table("plans")[name], tags=["planned-vs-done"], grade=1))


def _history(made: Patient, chance: Random) -> None:
    kin = chance.sample(["父亲", "母亲", "哥哥", "姐姐", "弟弟", "妹妹", "祖父", "祖母"], 2)
    own = {f.name for f in made.facts}
    for relative, name in zip(kin, _some(chance, made.rules["family"], 1, 2, set()), strict=False):
        tags = ["family-trap"] if name not in own else ["family"]
        made.add(of_concept("family", table("problems")[name], kin=relative, tags=tags))
    if made.rules["age"][0] > 30 and chance.random() < 0.6:
        wording, name, words = chance.choice([
            ("smoking", "吸烟", ["吸烟", "抽烟", "烟", "smok", "tobacco", "食烟"]),
            ("drinking", "饮酒", ["饮酒", "喝酒", "酒", "alcohol", "drink", "etoh"]),
        ])  # fmt: skip
        social = Fact(wording, name, words, [])
        social.more |= {
            "years": chance.randint(8, 40),
            "per": chance.choice([5, 10, 15, 20] if name == "吸烟" else [1, 2, 3]),
        }
        made.add(social)
    if chance.random() < 0.6:
        vaccine = chance.choice(list(table("vaccines").values()))
        made.add(of_concept("vaccine", vaccine, start=_ago(made, chance, 60, 900)))
    main = made.of("problem")[0]
    stay = Fact(
        "encounter", "住院", ["住院", "入院", "收住", "admitted", "hospitali", main.name, *main.names], [], main.concept
    )
    stay.start = _ago(made, chance, 60, 900) if (main.start or made.as_of) < made.as_of - timedelta(days=950) else None
    if stay.start:
        made.add(stay)
    for name in _some(chance, made.rules["findings"], 1, 1, set()):
        concept = table("findings")[name]
        made.add(of_concept("finding", concept, start=_ago(made, chance, 70, 300)))
    if chance.random() < 0.35:
        made.add(blood(chance.choice(["A型", "B型", "O型", "AB型"])))


def blood(group: str) -> Fact:
    letters = group.removesuffix("型")
    fact = Fact("blood", group, [group, "血型", "blood", "ABO"], ["883-9"], safety=True)
    fact.more["surfaces"] = {"english": [letters], "other": [group]}
    fact.more["value_text"] = letters
    return fact

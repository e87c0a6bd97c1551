"""Whether an item of a record says what a fact of the truth says: place, name, slots."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.evaluation.plain import frequency, plain, unit

Json = dict[str, Any]

KIN = {
    "父亲": ("父", "爸", "老汉", "爹", "大大", "老豆", "老窦", "老头子", "father", "dad"),
    "母亲": ("母", "妈", "娘", "mother", "mom"),
    "哥哥": ("哥", "兄", "brother"),
    "弟弟": ("弟", "兄弟", "细佬", "brother"),
    "姐姐": ("姐", "姊", "sister"),
    "妹妹": ("妹", "sister"),
    "祖父": ("祖父", "爷", "公公", "外公", "外爷", "grandfather"),
    "祖母": ("祖母", "奶", "外婆", "婆婆", "阿嬷", "嫲", "grandmother"),
    "儿子": ("儿", "子", "son"),
    "女儿": ("女", "daughter"),
    "丈夫": ("丈夫", "配偶", "husband"),
}
SIDES = {"左": ("左", "left"), "右": ("右", "right"), "双": ("双", "两侧", "两边", "both", "bilateral")}
MASS = {"ug": 0.001, "mg": 1.0, "g": 1000.0}
_TOLERANCE = 0.006
_DATED = re.compile(r"\s*(?:至 )?\d{4}(?:-\d\d)*\b.*$|\s*[（(].*$|\s+计划$")
_WORDS = re.compile(r"[\s（(：:，,；;]+")
_SIDE = re.compile(r"^(?:左侧|右侧|双侧|左|右|双)")
_MOST_OF = 0.6
_BLOOD = re.compile(r"AB|A|B|O")


@dataclass(frozen=True, slots=True)
class Cited:
    """An item with its section, and the point of its series that stands for a statement (None: the item itself)."""

    section: str
    item: Json
    point: int | None = None

    @property
    def key(self) -> tuple[str, int | None]:
        return self.item["id"], self.point


def items(record: Json) -> Iterator[tuple[str, Json]]:
    for section, listed in record["sections"].items():
        for item in listed:
            yield section, item


def states(source: Json, statement: Json) -> bool:
    """Whether a source is at the place of a statement: overlapping characters, or the same segment or resource."""
    if str(source["file"]).rpartition("/")[2] != statement["file"]:
        return False
    if statement["message_id"] not in (None, source["message_id"]):
        return False
    place = source["location"]
    if statement["mode"] == "text":
        same = place["path"] == statement["path"]
        return bool(same and place["start"] < statement["end"] and statement["start"] < place["end"])
    scope = statement["scope"]
    return bool(place["path"] == scope or place["path"].startswith((f"{scope}-", f"{scope}/", f"{scope}.")))


def citing(record: Json, statement: Json) -> list[Cited]:
    """Items with a source at the statement, as the point of their series where one cites it."""
    found = []
    for section, item in items(record):
        if not any(states(s, statement) for s in item["sources"]):
            continue
        points = [n for n, p in enumerate(item["series"] or ()) if any(states(s, statement) for s in p["sources"])]
        found += [Cited(section, item, n) for n in points] or [Cited(section, item)]
    return found


def named(cited: Cited, fact: Json, suggestions: dict[str, list[str]]) -> bool:
    """Whether the item's name, code or suggested term is one of the fact's names or codes."""
    said = list(_names(cited.item)) + suggestions.get(cited.item["id"], [])
    code = (cited.item["code"] or {}).get("code")
    if code and code in fact["codes"]:
        return True
    wanted = [w for w in (plain(n) for n in [fact["concept"], *fact["names"]]) if w]
    texts = [plain(s) for s in said if s]
    texts += [bare for t in texts for bare in [_SIDE.sub("", t)] if bare != t]
    return any(w in t or (len(t) > 1 and t in w and len(t) > _MOST_OF * len(w)) for w in wanted for t in texts)


def _names(item: Json) -> Iterator[str]:
    yield item["text"]
    yield _DATED.sub("", item["text"])
    yield from _WORDS.split(item["text"])[:2]
    if item["code"]:
        yield item["code"]["display"]
    if item["medication"]:
        yield item["medication"]["name"]


def suggested(record: Json) -> dict[str, list[str]]:
    """Item id -> displays and codes proposed for it."""
    found: dict[str, list[str]] = {}
    for proposal in record["suggestions"]:
        found.setdefault(proposal["item_id"], []).extend([proposal["code"]["display"], proposal["code"]["code"]])
    return found


def faults(cited: Cited, fact: Json) -> list[str]:
    """Which slots of the item disagree with the fact (empty: it is found)."""
    item = cited.item
    checks = {
        "section": cited.section in fact["sections_ok"],
        "assertion": item["assertion"] in fact["assertion_ok"],
        "status": item["status"] in fact["status_ok"],
        "start": _start_agrees(cited, fact),
        "value": not fact["value"] or same_value(cited, fact["value"]),
        "medication": not fact["medication"] or not medication_faults(item, fact),
        "laterality": not fact["laterality"] or _told(item, SIDES.get(fact["laterality"], (fact["laterality"],))),
        "group": fact["kind"] != "blood" or _group(item) == fact["value_text"],
        "kin": not fact["kin"] or _told(item, KIN.get(fact["kin"], (fact["kin"],))),
    }
    return [name for name, agrees in checks.items() if not agrees]


def _group(item: Json) -> str | None:
    """A, B, O or AB, as the item's value or text has it."""
    said = [(item["value"] or {}).get("text") or "", (item["code"] or {}).get("display", ""), item["text"]]
    found = [m.group() for text in said for m in [_BLOOD.search(text.upper().replace("ABO", ""))] if m]
    return found[0] if found else None


def start_of(cited: Cited) -> str | None:
    """The date of the point or the item."""
    if cited.point is not None:
        found: str | None = cited.item["series"][cited.point]["date"]
        return found
    start: str | None = cited.item["start"]
    return start


def _start_agrees(cited: Cited, fact: Json) -> bool:
    start = start_of(cited)
    if not start or not fact["start_ok"]:
        return True
    return any(start.startswith(ok) or ok.startswith(start) for ok in fact["start_ok"])


def same_value(cited: Cited, wanted: Json) -> bool:
    """Equal as written in one unit, or after conversion to the canonical one."""
    holder = cited.item["series"][cited.point] if cited.point is not None else cited.item["value"]
    if not holder or holder["number"] is None:
        return False
    number, said_unit = float(holder["number"]), unit(holder["unit"])
    if wanted.get("unit_optional") and _close(number, wanted["number"]):
        return True
    if said_unit == unit(wanted["unit"]):
        return _close(number, wanted["number"])
    return said_unit == unit(wanted["canonical_unit"]) and _close(number, wanted["canonical"])


def medication_faults(item: Json, fact: Json) -> list[str]:
    """Which of dose, unit and frequency disagree."""
    wanted, said = fact["medication"], item["medication"]
    if not said:
        return ["medication"]
    found = []
    if wanted["dose"] is not None and not same_dose(said, wanted):
        found.append("dose")
    if wanted["frequency"] is not None and not same_frequency(said["frequency"], wanted["frequency"]):
        found.append("frequency")
    return found


def same_dose(said: Json, wanted: Json) -> bool:
    """0.5 g is 500 mg; a unit that was not said agrees with none."""
    if said["dose"] is None:
        return False
    said_unit, wanted_unit = unit(said["unit"]), unit(wanted["unit"])
    factors = MASS.get(said_unit or ""), MASS.get(wanted_unit or "")
    if factors[0] and factors[1]:
        return _close(float(said["dose"]) * factors[0], float(wanted["dose"]) * factors[1])
    return said_unit == wanted_unit and _close(float(said["dose"]), float(wanted["dose"]))


def same_frequency(said: str | None, wanted: str) -> bool:
    return frequency(said) == frequency(wanted)


def _told(item: Json, words: Iterable[str]) -> bool:
    text = item["text"].lower() + (item["code"] or {}).get("display", "").lower()
    return any(word in text for word in words)


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_TOLERANCE, abs_tol=1e-9)


@dataclass(slots=True)
class Reading:
    """What a record says of the statements of the truth: worked out once for a case.

    of: fact id -> per statement, the items that cite it under its name; those that agree in all slots where any do.
    """

    record: Json
    truth: Json
    suggestions: dict[str, list[str]]
    of: dict[str, list[list[Cited]]]
    right: dict[str, list[bool]]

    def found(self, fact_id: str) -> bool:
        """Some item says the fact as it is."""
        return any(self.right[fact_id])

    def keys(self, fact_id: str) -> set[str]:
        """Ids of the items that stand for the fact."""
        return {c.item["id"] for listed in self.of[fact_id] for c in listed}


def read(record: Json, truth: Json) -> Reading:
    suggestions = suggested(record)
    of: dict[str, list[list[Cited]]] = {}
    right: dict[str, list[bool]] = {}
    for fact in truth["facts"]:
        of[fact["id"]], right[fact["id"]] = [], []
        for statement in fact["statements"]:
            candidates = [c for c in citing(record, statement) if named(c, fact, suggestions)]
            agreeing = [c for c in candidates if not faults(c, fact)]
            in_place = [c for c in candidates if c.section in fact["sections_ok"]]
            of[fact["id"]].append(agreeing or in_place)
            right[fact["id"]].append(bool(agreeing))
    return Reading(record, truth, suggestions, of, right)

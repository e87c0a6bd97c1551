"""Pairs of sentences: minimal ones, which differ in one thing and must stay apart, and the same fact told twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

from hub.summarizer.embedding import Embedder
from tests.evaluation.generator.facts import Fact
from tests.evaluation.generator.patient import medicine, number_of, of_concept, result, sided
from tests.evaluation.generator.vocabulary import table
from tests.evaluation.generator.wording import sentence
from tests.evaluation.matching import Json
from tests.evaluation.tally import Tally
from tests.evaluation.tiny import WRITTEN, Note, of_note, record

_DATA = Path(__file__).parent / "data" / "pairs.yaml"
_HEAD = "2025年3月3日\n"
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """conflict: kinds of which one is expected (none: no contradiction)."""

    kind: str
    texts: tuple[str, str]
    conflict: tuple[str, ...] = ()


def measure(count: int, seed: int, embed: Embedder) -> Tally:
    """Figures of `count` minimal pairs and as many duplicates."""
    tally = Tally()
    for number, pair in enumerate(minimal(count, seed)):
        _score_minimal(f"m{number}", pair, record(_notes(pair.texts), embed), tally)
    for number, (kind, texts) in enumerate(duplicates(count, seed)):
        _score_duplicate(f"d{number}", kind, texts, record(_notes(texts), embed), tally)
    tally.add("wrong_merges", 0)
    tally.add("minimal_pairs", count)
    return tally


def _notes(texts: Sequence[str]) -> list[Note]:
    return [
        Note(name, _HEAD + text, WRITTEN + timedelta(days=n))
        for n, (name, text) in enumerate(zip("ab", texts, strict=True))
    ]


def minimal(count: int, seed: int) -> Iterator[Pair]:
    """Rows of the table in turn, each with its words in an order of its own."""
    rules = yaml.safe_load(_DATA.read_text("utf-8"))
    rows = [("switched", r) for r in rules["switched"]] + [("changed", r) for r in rules["changed"]]
    pools = []
    for form, row in rows:
        pool = list(_switched(row, rules["slots"]) if form == "switched" else _changed(row))
        Random(f"{seed}{row['kind']}{row['texts'][0]}").shuffle(pool)
        pools.append(pool)
    given = 0
    while given < count and any(pools):
        for pool in pools:
            if pool and given < count:
                given += 1
                yield pool.pop()


def _switched(row: Json, slots: dict[str, list[str]]) -> Iterator[Pair]:
    for word in slots[row["slot"]]:
        one, two = (text.format(x=word) for text in row["texts"])
        yield Pair(row["kind"], (one, two), tuple(row["conflict"]))


def _changed(row: Json) -> Iterator[Pair]:
    for text in row["texts"]:
        for word in row["x"]:
            for a, b in row["y"]:
                yield Pair(row["kind"], (text.format(x=word, y=a), text.format(x=word, y=b)), tuple(row["conflict"]))


def _score_minimal(case: str, pair: Pair, made: Json, tally: Tally) -> None:
    first, second = (of_note(made, name, len(_HEAD)) for name in "ab")
    both = {i["id"] for _, i in first} & {i["id"] for _, i in second}
    merged = [i for _, i in first if i["id"] in both and not _apart(i)]
    read = bool(first) and bool(second)
    tally.hit("minimal_pairs_read", case, read)
    tally.hit(f"minimal_pairs_read:{pair.kind}", case, read)
    if not read:
        tally.miss("minimal_pairs_read", case, kind=pair.kind, text=pair.texts,
                   got=[[i["text"] for _, i in side] for side in (first, second)])  # fmt: skip
    if merged:
        tally.add("wrong_merges")
        tally.add(f"wrong_merges:{pair.kind}")
        tally.miss("wrong_merges", case, kind=pair.kind, text=pair.texts, got=[i["text"] for i in merged])
    found = [c for c in made["conflicts"] if c["kind"] in pair.conflict]
    others = [c for c in made["conflicts"] if c["kind"] not in pair.conflict]
    if pair.conflict:
        tally.hit("pair_conflicts_recall", case, bool(found))
        tally.hit(f"pair_conflicts_recall:{pair.kind}", case, bool(found))
        if not found:
            tally.miss("pair_conflicts_recall", case, kind=pair.kind, text=pair.texts,
                       got=[[i["text"] for _, i in side] for side in (first, second)])  # fmt: skip
    for conflict in [*found, *others]:
        tally.hit("pair_conflicts_precision", case, conflict in found)
        if conflict in others:
            tally.miss("pair_conflicts_precision", case, kind=pair.kind, text=pair.texts, got=conflict["text"])


def _apart(item: Json) -> bool:
    """A series that holds the two as points of different values or days."""
    points = item["series"] or ()
    return len({(p["date"], float(p["number"])) for p in points}) > 1


def duplicates(count: int, seed: int) -> Iterator[tuple[str, tuple[str, str]]]:
    """One fact in two sentences of the generator's, of the registers in turn."""
    chance = Random(f"duplicates {seed}")
    registers = (
        ("village", "formal"),
        ("formal", "formal"),
        ("village", "village"),
        ("formal", "english"),
        ("village", "english"),
    )
    number = 0
    given = 0
    while given < count:
        kind, fact = _fact(number, chance)
        pair = registers[number % len(registers)]
        number += 1
        for _ in range(_TRIES):
            made = [
                sentence([fact], r, (WRITTEN + timedelta(days=n)).date(), "平湖县人民医院", chance)
                for n, r in enumerate(pair)
            ]
            if made[0] and made[1] and made[0].text != made[1].text and _told_alike(fact, made):
                given += 1
                yield kind, (made[0].text, made[1].text)
                break


def _told_alike(fact: Fact, made: Sequence[Any]) -> bool:
    """A dated fact is dated in both: without a day nobody can say that two measurements are one."""
    dated = [bool(s.told[0][2]) for s in made]
    if fact.wording in ("procedure", "vaccine", "lab"):
        return all(dated)
    return True


def _fact(number: int, chance: Random) -> tuple[str, Fact]:
    makers = (_problem, _medicine, _lab, _allergy, _procedure, _negated, _family, _symptom, _vaccine, _plan)
    return makers[number % len(makers)](chance)


def _day(chance: Random, least: int = 60, most: int = 1500) -> date:
    return WRITTEN.date() - timedelta(days=chance.randrange(least, most))


def _one(name: str, chance: Random) -> Any:
    return chance.choice(list(table(name).values()))


def _problem(chance: Random) -> tuple[str, Fact]:
    return "problem", of_concept("problem", _one("problems", chance), start=_day(chance, 400, 4000))


def _medicine(chance: Random) -> tuple[str, Fact]:
    concept = _one("medicines", chance)
    return "medication", medicine("med_current", concept, float(concept.row["dose"]))


def _lab(chance: Random) -> tuple[str, Fact]:
    concept = _one("analytes", chance)
    return "lab", result(concept, _day(chance), number_of(concept, chance), False)


def _allergy(chance: Random) -> tuple[str, Fact]:
    concept = _one("allergens", chance)
    fact = of_concept("allergy", concept)
    fact.more["reaction"] = concept.row["reaction"]
    return "allergy", fact


def _procedure(chance: Random) -> tuple[str, Fact]:
    concept = _one("procedures", chance)
    return "procedure", sided(of_concept("procedure", concept, start=_day(chance, 400, 4000)),
                              chance.choice("左右") if concept.row["side"] else None)  # fmt: skip


def _negated(chance: Random) -> tuple[str, Fact]:
    return "negation", of_concept("negated_problem", _one("problems", chance))


def _family(chance: Random) -> tuple[str, Fact]:
    return "family", of_concept("family", _one("problems", chance), kin=chance.choice(["父亲", "母亲", "哥哥", "妹妹"]))


def _symptom(chance: Random) -> tuple[str, Fact]:
    return "symptom", of_concept("symptom", _one("symptoms", chance), start=_day(chance, 10, 100))


def _vaccine(chance: Random) -> tuple[str, Fact]:
    return "vaccine", of_concept("vaccine", _one("vaccines", chance), start=_day(chance, 60, 900))


def _plan(chance: Random) -> tuple[str, Fact]:
    return "procedure-plan", of_concept("procedure_plan", _one("plans", chance))


def _score_duplicate(case: str, kind: str, texts: tuple[str, str], made: Json, tally: Tally) -> None:
    first, second = (of_note(made, name, len(_HEAD)) for name in "ab")
    read = bool(first) and bool(second)
    tally.hit("duplicate_pairs_read", case, read)
    tally.hit(f"duplicate_pairs_read:{kind}", case, read)
    got = [[f"{i['text']} [{i['assertion']} {i['status']}]" for _, i in side] for side in (first, second)]
    if not read:
        tally.miss("duplicate_pairs_read", case, kind=kind, text=texts, got=got)
        return
    merged = bool({i["id"] for _, i in first} & {i["id"] for _, i in second})
    tally.hit("duplicate_pairs_merged", case, merged)
    tally.hit(f"duplicate_pairs_merged:{kind}", case, merged)
    if not merged:
        tally.miss("duplicate_pairs_merged", case, kind=kind, text=texts, got=got)

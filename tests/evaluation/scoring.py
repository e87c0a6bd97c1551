"""Figures of one record against its truth (reassembly-truth/1), added to a tally."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from tests.contract.test_record_sources import found as found_text
from tests.contract.test_record_sources import sources as all_sources
from tests.evaluation import support
from tests.evaluation.cases import Case
from tests.evaluation.matching import Cited, Json, Reading, citing, faults, items, named, read, start_of, states
from tests.evaluation.tally import Tally

STATUS_KINDS = ("medication",)
_FIRST = 10


def score(case: Case, record: Json, tally: Tally) -> None:
    """Every figure of one case."""
    reading = read(record, case.truth)
    _sources(case, record, tally)
    _support(case, record, tally)
    _facts(case, reading, tally)
    _duplicates(case, reading, tally)
    _conflicts(case, reading, tally)
    _medication_status(case, reading, tally)
    _traps(case, reading, tally)
    _strangers(case, record, tally)
    _missing(case, record, tally)
    _brief(case, reading, tally)
    _units(case, record, tally)
    _passages(case, record, tally)
    _timeline(case, record, tally)


def _sources(case: Case, record: Json, tally: Tally) -> None:
    files = case.files
    for source in all_sources(record):
        place = source["location"]
        if place["start"] == place["end"]:
            continue
        whole = found_text(files, source)
        exact = whole is not None and whole[place["start"] : place["end"]] == source["text"]
        tally.hit("sources_byte_exact", case.name, exact)
        if not exact:
            tally.miss("sources_byte_exact", case.name, place=place, got=source["text"])
    tally.add("items_without_source", sum(not item["sources"] for _, item in items(record)))


def _support(case: Case, record: Json, tally: Tally) -> None:
    tally.add("statements_unsupported", 0)
    for section, item in items(record):
        reasons = support.unsupported(item)
        tally.hit("statements_supported", case.name, not reasons)
        if reasons:
            tally.add("statements_unsupported")
            tally.miss("statements_unsupported", case.name, section=section, why=reasons, got=item["text"],
                       text=[s["text"] for s in item["sources"]][:6])  # fmt: skip


def _facts(case: Case, reading: Reading, tally: Tally) -> None:
    for fact in case.truth["facts"]:
        borne = "coded" if fact["borne"] == "structured" else "text"
        found = reading.found(fact["id"])
        names = [f"facts_{borne}", f"facts_{borne}:{fact['kind']}"]
        if fact["safety"]:
            names.append(f"facts_safety_{borne}")
        if borne == "text":
            names += [f"facts_text:register-{r}" for r in {s.get("register") for s in fact["statements"]} if r]
        for name in names:
            tally.hit(name, case.name, found)
        if not found:
            _tell_missed(case, reading, fact, f"facts_{borne}", tally)
        for statement, right, listed in zip(
            fact["statements"], reading.right[fact["id"]], reading.of[fact["id"]], strict=True
        ):
            if statement["mode"] == "text":
                tally.hit("text_statements", case.name, right)
                if not right and found:
                    _tell_statement(case, reading, fact, statement, tally)
                elif right and fact["start_ok"]:
                    tally.hit("text_statements_dated", case.name, any(start_of(c) for c in listed))


def _tell_missed(case: Case, reading: Reading, fact: Json, figure: str, tally: Tally) -> None:
    for statement in fact["statements"]:
        _tell_statement(case, reading, fact, statement, tally, figure)


def _tell_statement(
    case: Case, reading: Reading, fact: Json, statement: Json, tally: Tally, figure: str = "text_statements"
) -> None:
    near = citing(reading.record, statement)
    called = [c for c in near if named(c, fact, reading.suggestions)]
    tally.miss(
        figure, case.name, fact=fact["id"], kind=fact["kind"], tags=fact["tags"], register=statement.get("register"),
        file=statement["file"], text=statement["text"], surface=statement["surface"], expected=_expected(fact),
        why=sorted({w for c in called for w in faults(c, fact)}) or (["name"] if near else ["nothing read"]),
        got=[_got(c) for c in (called or near)][:4],
    )  # fmt: skip


def _expected(fact: Json) -> Json:
    keys = ("section", "concept", "assertion", "status_ok", "start_ok", "value", "medication", "laterality", "kin")
    return {k: fact[k] for k in keys if fact[k]}


def _got(cited: Cited) -> Json:
    item = cited.item
    keys = ("text", "assertion", "status", "start", "medication")
    told = {"section": cited.section} | {k: item[k] for k in keys if item[k]}
    if cited.point is not None:
        told["point"] = {k: item["series"][cited.point][k] for k in ("date", "number", "unit")}
    return told


def _duplicates(case: Case, reading: Reading, tally: Tally) -> None:
    """Pairs of statements at different places: of one fact in one item; never of two facts in one item."""
    stated = [
        (fact, statement, {c.key for c in listed})
        for fact in case.truth["facts"]
        for statement, listed in zip(fact["statements"], reading.of[fact["id"]], strict=True)
        if listed
    ]
    for (fact, one, here), (other, two, there) in combinations(stated, 2):
        if _same_place(one, two):
            continue
        # A measurement is one item with its series: told twice, it should be one point of it, but that is another figure.
        together = bool({i for i, _ in here} & {i for i, _ in there}) if fact is other else bool(here & there)
        if fact is other and fact["value"] and together:
            tally.hit("duplicate_points_merged", case.name, bool(here & there))
        if fact is other:
            tally.hit("duplicates_recall", case.name, together)
            if together:
                tally.hit("duplicates_precision", case.name, True)
            else:
                tally.miss("duplicates_recall", case.name, fact=fact["id"], kind=fact["kind"], tags=fact["tags"],
                           text=[one["text"], two["text"]], got=[sorted(here, key=str), sorted(there, key=str)])  # fmt: skip
        elif together and not _compatible(fact, other) and not _shared(fact, two) and not _shared(other, one):
            tally.hit("duplicates_precision", case.name, False)
            tally.miss("duplicates_precision", case.name, fact=[fact["id"], other["id"]], kind=fact["kind"],
                       text=[one["text"], two["text"]], got=sorted(here & there, key=str))  # fmt: skip


def _same_place(one: Json, two: Json) -> bool:
    keys = ("file", "message_id", "path", "scope", "start")
    return all(one[k] == two[k] for k in keys)


def _shared(fact: Json, statement: Json) -> bool:
    """Whether the fact is stated there too: an item of that sentence may then be its own."""
    return any(_same_place(s, statement) for s in fact["statements"])


def _compatible(fact: Json, other: Json) -> bool:
    """A plan and its medicine, a year and its day: two facts of the truth that one item may well hold."""
    same_kind = fact["kind"] == other["kind"] and fact["concept"] == other["concept"]
    slots = ("assertion", "value", "medication", "laterality", "kin", "start", "status")
    return same_kind and all(fact[s] == other[s] for s in slots)


def _conflicts(case: Case, reading: Reading, tally: Tally) -> None:
    matched: set[str] = set()
    for wanted in case.truth["conflicts"]:
        hits = [c["id"] for c in reading.record["conflicts"] if _is_conflict(c, wanted, reading)]
        matched.update(hits)
        tally.hit("conflicts_recall", case.name, bool(hits))
        tally.hit(f"conflicts_recall:{wanted['kind']}", case.name, bool(hits))
        if not hits:
            facts = [f for f in case.truth["facts"] if f["id"] in wanted["fact_ids"]]
            tally.miss("conflicts_recall", case.name, kind=wanted["kind"], fact=wanted["fact_ids"],
                       text=[[s["text"] for s in f["statements"]] for f in facts],
                       read=[reading.found(i) for i in wanted["fact_ids"]],
                       got=[c["text"] for c in reading.record["conflicts"]])  # fmt: skip
    for conflict in reading.record["conflicts"]:
        right = conflict["id"] in matched
        tally.hit("conflicts_precision", case.name, right)
        if not right:
            tally.miss("conflicts_precision", case.name, kind=conflict["kind"], got=conflict["text"])


def _is_conflict(conflict: Json, wanted: Json, reading: Reading) -> bool:
    if conflict["kind"] not in wanted["kinds_accepted"]:
        return False
    if not wanted["fact_ids"]:
        return True
    joined = set(conflict["item_ids"])
    return len(joined) > 1 and all(joined & reading.keys(fact_id) for fact_id in wanted["fact_ids"])


def _medication_status(case: Case, reading: Reading, tally: Tally) -> None:
    medicines = [f for f in case.truth["facts"] if f["kind"] in STATUS_KINDS]
    right: set[str] = set()
    for fact in medicines:
        held = [c for listed in reading.of[fact["id"]] for c in listed if c.section == "medications"]
        agreeing = {c.item["id"] for c in held if c.item["status"] in fact["status_ok"]}
        right |= agreeing
        tally.hit("medication_status_recall", case.name, bool(agreeing))
        if not agreeing:
            tally.miss("medication_status_recall", case.name, fact=fact["id"], tags=fact["tags"],
                       text=[s["text"] for s in fact["statements"]], expected=fact["status_ok"],
                       got=[_got(c) for c in held][:3])  # fmt: skip
    planned = {k for f in case.truth["facts"] if f["kind"] == "medication-plan" for k in reading.keys(f["id"])}
    for item in reading.record["sections"]["medications"]:
        if item["id"] in planned and item["status"] == "planned":
            continue
        tally.hit("medication_status_precision", case.name, item["id"] in right)
        if item["id"] not in right:
            tally.miss("medication_status_precision", case.name, got=_got(Cited("medications", item)),
                       text=[s["text"] for s in item["sources"]][:4])  # fmt: skip


def _traps(case: Case, reading: Reading, tally: Tally) -> None:
    facts = {f["id"]: f for f in case.truth["facts"]}
    tally.add("family_history_as_the_patients", 0)
    for trap in case.truth["must_not_assert"]:
        fact = facts[trap["fact_id"]]
        near = [c for s in fact["statements"] for c in citing(reading.record, s)]
        fallen = [c for c in near if named(c, fact, reading.suggestions) and _falls(c, trap)]
        tally.hit("traps_avoided", case.name, not fallen)
        tally.hit(f"traps_avoided:{trap['kind']}", case.name, not fallen)
        if fallen:
            if trap["kind"] == "family":
                tally.add("family_history_as_the_patients")
            tally.miss("traps_avoided", case.name, kind=trap["kind"], fact=fact["id"],
                       text=[s["text"] for s in fact["statements"]], got=[_got(c) for c in fallen])  # fmt: skip


def _falls(cited: Cited, trap: Json) -> bool:
    item = cited.item
    return (
        (trap["assertions"] is None or item["assertion"] in trap["assertions"])
        and (trap["statuses"] is None or item["status"] in trap["statuses"])
        and (trap["sections"] is None or cited.section in trap["sections"])
    )


def _strangers(case: Case, record: Json, tally: Tally) -> None:
    tally.add("another_patients_fragments", 0)
    strangers = [(w["file"], w["message_id"]) for w in case.truth["wrong_patient"]]
    holders = [*(i for _, i in items(record)), *record["passages"], record["patient"]]
    for source in (s for h in holders for s in h["sources"]):
        file = str(source["file"]).rpartition("/")[2]
        if any(file == f and m in (None, source["message_id"]) for f, m in strangers):
            tally.add("another_patients_fragments")
            tally.miss("another_patients_fragments", case.name, file=file, got=source["text"])


def _missing(case: Case, record: Json, tally: Tally) -> None:
    tally.add("missing_told_though_there", 0)
    for wanted in case.truth["missing"]:
        told = any(
            m["section"] in wanted["sections_ok"] and any(k in m["text"].lower() for k in wanted["keywords"])
            for m in record["missing"]
        )
        tally.hit("missing_found", case.name, told)
        if not told:
            tally.miss("missing_found", case.name, kind=wanted["topic"], got=[m["text"] for m in record["missing"]])
    allergies = [f for f in case.truth["facts"] if f["kind"] == "allergy"]
    for entry in record["missing"]:
        if entry["section"] == "allergies" and allergies:
            tally.add("missing_told_though_there")
            tally.miss("missing_told_though_there", case.name, got=entry["text"],
                       text=[s["text"] for f in allergies for s in f["statements"]])  # fmt: skip


def _brief(case: Case, reading: Reading, tally: Tally) -> None:
    brief = reading.record["brief"]
    for fact_id in case.truth["brief"]["must_include"]:
        there = bool(reading.keys(fact_id) & set(brief))
        tally.hit("brief_must_include", case.name, there)
        if not there:
            fact = next(f for f in case.truth["facts"] if f["id"] == fact_id)
            tally.miss("brief_must_include", case.name, fact=fact_id, kind=fact["kind"], expected=_expected(fact),
                       text=[s["text"] for s in fact["statements"]], read=reading.found(fact_id),
                       got=[i["text"] for b in brief for _, i in items(reading.record) if i["id"] == b])  # fmt: skip
    for group in case.truth["brief"]["top3"]:
        there = any(reading.keys(fact_id) & set(brief[:3]) for fact_id in group)
        tally.hit("brief_top3", case.name, there)
        if not there:
            tally.miss("brief_top3", case.name, fact=group, read=[reading.found(i) for i in group],
                       got=[i["text"] for b in brief[:3] for _, i in items(reading.record) if i["id"] == b])  # fmt: skip


def _units(case: Case, record: Json, tally: Tally) -> None:
    holders = [*(i for _, i in items(record)), *record["passages"], *record["unplaced"], record["patient"]]
    if record["question"]:
        holders.append(record["question"])
    told = [s for h in holders for s in h["sources"]]
    for unit in case.truth["units"]:
        place = unit | {"mode": "coded" if unit["start"] is None else "text", "path": unit["scope"]}
        there = any(states(s, place) for s in told)
        tally.hit("units_kept", case.name, there)
        if not there:
            tally.miss("units_kept", case.name, file=unit["file"], text=unit["text"], what=unit["what"])


def _passages(case: Case, record: Json, tally: Tally) -> None:
    graded = case.truth["passages"]
    grades = [_grade(p, graded) for p in record["passages"]]
    given, ideal = (sorted(g, reverse=True) for g in (grades, [p["grade"] for p in graded]))
    if any(ideal):
        # Against the best order of what the record lists, and against the best of all that was written.
        tally.mean("passages_ndcg_10", case.name, _gain(grades[:_FIRST]) / max(_gain(given[:_FIRST]), 1e-9))
        tally.mean("passages_ndcg_10_of_all", case.name, _gain(grades[:_FIRST]) / _gain(ideal[:_FIRST]))


def _grade(passage: Json, graded: list[Json]) -> int:
    found = [g["grade"] for g in graded for s in passage["sources"] if states(s, g | {"mode": "text"})]
    return max(found, default=0)


def _gain(grades: list[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def _timeline(case: Case, record: Json, tally: Tally) -> None:
    dates = {i["id"]: _dates(i) for _, i in items(record)}
    moments = [t["date"] for t in record["timeline"]]
    right = moments == sorted(moments) and all(t["date"] in dates.get(t["item_id"], ()) for t in record["timeline"])
    tally.hit("timeline_sound", case.name, right)
    for _, item in items(record):
        later = item["status"] != "planned" and (item["start"] or "")[:10] > record["as_of"]
        tally.hit("no_date_in_the_future", case.name, not later)
        if later:
            tally.miss("no_date_in_the_future", case.name, got=item["text"])


def _dates(item: Json) -> set[Any]:
    return set(_moments(item))


def _moments(item: Json) -> Iterator[Any]:
    yield item["start"]
    yield item["end"]
    for point in item["series"] or ():
        yield point["date"]

"""Figures of a record as a whole: sources, support, missing, brief, passages, timeline, nobody else's, nothing lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from tests.contract.test_record_sources import found as found_text
from tests.contract.test_record_sources import sources as all_sources
from tests.evaluation import support
from tests.evaluation.cases import Case
from tests.evaluation.matching import Json, Reading, items, states
from tests.evaluation.tally import Tally
from tests.evaluation.telling import expected

_FIRST = 10


def score(case: Case, reading: Reading, tally: Tally) -> None:
    """Every figure of the whole."""
    record = reading.record
    _sources(case, record, tally)
    _support(case, record, tally)
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
            tally.miss("brief_must_include", case.name, fact=fact_id, kind=fact["kind"], expected=expected(fact),
                       text=[s["text"] for s in fact["statements"]], read=reading.found(fact_id),
                       got=[i["text"] for b in brief for _, i in items(reading.record) if i["id"] == b])  # fmt: skip
    for group in case.truth["brief"]["top3"]:
        there = any(reading.keys(fact_id) & set(brief[:3]) for fact_id in group)
        tally.hit("brief_top3", case.name, there)
        if not there:
            tally.miss(
                "brief_top3",
                case.name,
                fact=group,
                read=[reading.found(i) for i in group],
                got=[i["text"] for b in brief[:3] for _, i in items(reading.record) if i["id"] == b],
            )


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

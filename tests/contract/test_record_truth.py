"""The record of the sample against the truth: coded facts are found, nothing is of another patient or lost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.contract.conftest import Reassembled


def items(record: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, item) for name, section in record["sections"].items() for item in section]


def states(source: dict[str, Any], statement: dict[str, Any]) -> bool:
    """Whether a source is at the place of a coded statement, or in its scope; of one in prose, among its characters."""
    location = source["location"]
    if statement["mode"] == "text" and (location["end"] <= statement["start"] or statement["end"] <= location["start"]):
        return False
    same_file = str(source["file"]).rpartition("/")[2] == statement["file"]
    same_message = statement["message_id"] in (None, source["message_id"])
    return same_file and same_message and location["path"] == statement["path"]


def coded(truth: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for fact in truth["facts"]:
        for statement in fact["statements"]:
            if statement["mode"] == "coded":
                yield fact, statement


def stated(record: dict[str, Any], fact: dict[str, Any], statement: dict[str, Any]) -> list[dict[str, Any]]:
    """The items that cite the statement and say what the fact says."""
    return [
        item
        for section, item in items(record)
        if any(states(s, statement) for s in item["sources"])
        and section in fact["sections_ok"]
        and item["assertion"] in fact["assertion_ok"]
        and item["status"] in fact["status_ok"]
        and _value_agrees(item, fact, statement)
        and _date_agrees(item, fact, statement)
    ]


def _point(item: dict[str, Any], statement: dict[str, Any]) -> dict[str, Any] | None:
    return next((p for p in item["series"] or () if any(states(s, statement) for s in p["sources"])), None)


def _value_agrees(item: dict[str, Any], fact: dict[str, Any], statement: dict[str, Any]) -> bool:
    if fact["medication"]:
        said, wanted = item["medication"], fact["medication"]
        return bool(
            said
            and said["dose"] == Decimal(str(wanted["dose"]))
            and (said["unit"], said["route"], said["frequency"])
            == (wanted["unit"], wanted["route"], wanted["frequency"])
        )
    if fact["value"]:
        point = _point(item, statement)
        return point is not None and float(point["number"]) == fact["value"]["number"]
    return True


def _date_agrees(item: dict[str, Any], fact: dict[str, Any], statement: dict[str, Any]) -> bool:
    point = _point(item, statement)
    start = point["date"] if point else item["start"]
    if fact["borne"] == "text" or start is None:
        return True
    return not fact["start_ok"] or any(start.startswith(ok) or ok.startswith(start) for ok in fact["start_ok"])


def test_every_coded_fact_is_found_with_value_assertion_status_and_place(reassembled: list[Reassembled]) -> None:
    wanted = [(one, fact, statement) for one in reassembled for fact, statement in coded(one.truth)]
    missed = [f"{fact['id']} {statement['file']}" for one, fact, statement in wanted
              if not stated(one.record, fact, statement)]  # fmt: skip
    assert len(wanted) > 70
    assert missed == []


def test_one_fact_is_one_item(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        for fact in one.truth["facts"]:
            ids = {i["id"] for f, s in coded(one.truth) if f is fact for i in stated(one.record, fact, s)}
            assert len(ids) <= 1, fact["id"]


def test_nothing_of_another_patient_is_stated(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        strangers = {w["message_id"] for w in one.truth["wrong_patient"]}
        for _, item in items(one.record):
            assert not strangers & {s["message_id"] for s in item["sources"]}
        for passage in one.record["passages"]:
            assert not strangers & {s["message_id"] for s in passage["sources"]}
        for stranger in strangers:
            entries = [u for u in one.record["unplaced"] if any(s["message_id"] == stranger for s in u["sources"])]
            assert entries
            assert {u["reason"] for u in entries} == {"another patient"}


def test_what_was_not_said_is_not_asserted(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        names = {f["id"]: {f["concept"], *f["names"]} for f in one.truth["facts"]}
        places = {f["id"]: f["statements"] for f in one.truth["facts"]}
        for trap in one.truth["must_not_assert"]:
            for section, item in items(one.record):
                said = (item["code"] or {}).get("display") or item["text"]
                cites = any(states(s, p) for s in item["sources"] for p in places[trap["fact_id"]])
                if said in names[trap["fact_id"]] and cites:
                    assert item["assertion"] not in (trap["assertions"] or ())
                    assert not (section in (trap["sections"] or ()) and item["status"] in (trap["statuses"] or ()))


def test_no_unit_of_content_vanishes(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        holders = [*(i for _, i in items(one.record)), *one.record["passages"], *one.record["unplaced"]]
        places = [
            (str(s["file"]).rpartition("/")[2], s["message_id"], s["location"]) for h in holders for s in h["sources"]
        ]
        for unit in one.truth["units"]:
            assert any(_covers(file, message, place, unit) for file, message, place in places), unit["id"]


def _covers(file: str, message: str, place: dict[str, Any], unit: dict[str, Any]) -> bool:
    if file != unit["file"] or unit["message_id"] not in (None, message) or not place["path"].startswith(unit["scope"]):
        return False
    return unit["start"] is None or (place["start"] < unit["end"] and unit["start"] < place["end"])


def test_coded_contradictions_are_conflicts(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        facts = {f["id"]: f for f in one.truth["facts"]}
        for conflict in one.truth["conflicts"]:
            if all(facts[i]["borne"] == "structured" for i in conflict["fact_ids"]):
                kinds = {c["kind"] for c in one.record["conflicts"]}
                assert kinds & set(conflict["kinds_accepted"]), conflict["id"]


def test_no_conflict_is_made_up(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        true = {kind for c in one.truth["conflicts"] for kind in c["kinds_accepted"]}
        assert {c["kind"] for c in one.record["conflicts"]} <= true


def test_missing_essentials_are_told(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        for missing in one.truth["missing"]:
            assert any(
                m["section"] in missing["sections_ok"] and any(k in m["text"] for k in missing["keywords"])
                for m in one.record["missing"]
            ), missing["topic"]


def test_the_brief_holds_what_bears_on_the_question(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        facts = {f["id"]: f for f in one.truth["facts"]}
        listed = {i["id"]: i for _, i in items(one.record)}
        brief = [listed[i] for i in one.record["brief"]]
        for fact_id in one.truth["brief"]["must_include"]:
            assert any(states(s, p) for i in brief for s in i["sources"] for p in facts[fact_id]["statements"]), fact_id
        for group in one.truth["brief"]["top3"]:
            statements = [s for g in group for s in facts[g]["statements"]]
            assert any(states(s, p) for i in brief[:3] for s in i["sources"] for p in statements), group


def test_the_patient_and_the_question_are_told(reassembled: list[Reassembled]) -> None:
    for one in reassembled:
        assert one.status == 0
        patient, wanted = one.record["patient"], one.truth["patient"]
        assert (patient["name"], patient["birth_date"]) == (wanted["name"], wanted["birth_date"])
        assert wanted["identifiers"][0] in {i["value"] for i in patient["identifiers"]}
        assert one.record["as_of"] == one.truth["as_of"]

"""Charts, accounts and visits that were booked to the wrong patient: only what stands under their number moves."""

from __future__ import annotations

import pytest

from tests.integration.merge_cases import Registry, mrg, pid, registry

ZHAO = "Zhao^Min||19881111|M"


def visit(h: Registry, number: str, name: str, account: str = "", **where: str) -> None:
    """An admission with a diagnosis of the visit `name`, and an allergy, which belongs to no visit."""
    h.tell("A01", pid(number, account=account), f"PV1|1|I|{'|' * 15}|{name}^^^V", f"DG1|1||I10^of {name}^I10",
           f"AL1|1|DA|X^allergy of {name}", **where)  # fmt: skip


def held(h: Registry, number: str, sender: str = "CITY") -> set[str]:
    """Visits, diagnoses and allergies of whoever has the number."""
    found = h.rows(
        "SELECT coalesce(f.resource->'identifier'->0->>'value', f.resource->'code'->>'text', "
        "f.resource->'code'->'coding'->0->>'display') FROM fragments f WHERE f.patient_id = %s "
        "AND f.resource_type IN ('Encounter', 'Condition', 'AllergyIntolerance')", h.patient(number, sender),
    )  # fmt: skip
    return {text for (text,) in found}


@pytest.mark.parametrize("event", ["A45", "A42"])
def test_a_visit_moves_with_what_refers_to_it(database: str, event: str) -> None:
    with registry(database) as h:
        visit(h, "100", "V1")
        visit(h, "100", "V2")
        h.seen("200", "own", ZHAO)
        h.tell(event, pid("200", ZHAO), mrg("100", visit="V1^^^V"))
        assert held(h, "100") == {"V2", "of V2", "allergy of V1", "allergy of V2"}
        assert held(h, "200") == {"V1", "of V1"}
        assert h.told() == [("patient.merged.v1", "visit")]


@pytest.mark.parametrize("event", ["A44", "A41", "A35"])
def test_an_account_moves_with_its_visits(database: str, event: str) -> None:
    with registry(database) as h:
        visit(h, "100", "V1", account="ACC1")
        visit(h, "100", "V2", account="ACC2")
        h.seen("200", "own", ZHAO)
        h.tell(event, pid("200", ZHAO, account="ACC1"), mrg("100", account="ACC1"))
        assert {"V1", "of V1"} <= held(h, "200")
        assert held(h, "100") >= {"V2", "of V2"}
        assert h.patient("ACC1") == h.patient("200") != h.patient("ACC2")


def test_a_chart_moves_with_all_that_was_told_under_its_number_and_what_comes_later(database: str) -> None:
    with registry(database) as h:
        h.seen("100~P1", "of the wrong person")
        h.seen("101~P1", "of the chart's person")
        h.seen("200", "own", ZHAO)
        h.tell("A43", pid("200", ZHAO), mrg("101"))
        h.seen("101", "late")
        assert h.notes("100") == {"of the wrong person"}
        assert h.notes("200") == h.notes("101") == {"own", "of the chart's person", "late"}


def test_an_account_renumbered_within_a_patient_moves_nothing(database: str) -> None:
    with registry(database) as h:
        visit(h, "100", "V1", account="ACC1")
        h.tell("A49", pid("100", account="ACC2"), mrg("100", account="ACC1"))
        assert h.patient("ACC1") == h.patient("ACC2") == h.patient("100")
        assert h.one("SELECT count(*) FROM merges") == 0


def test_only_the_senders_own_visits_move(database: str) -> None:
    with registry(database) as h:
        visit(h, "100", "V1")
        h.seen("7", "own", ZHAO, sender="TOWN")
        h.tell("A45", pid("7", ZHAO), mrg("100", visit="V1^^^V"), sender="TOWN")
        assert h.warnings() == ["MRG[1]-1[1].1"]
        assert "V1" in held(h, "100")


def test_two_patients_who_swap_beds_stay_themselves(database: str) -> None:
    with registry(database) as h:
        bed = "PV1|1|I|WARD^1^{}"
        h.tell("A17", pid("100"), bed.format(1), pid("200", ZHAO), bed.format(2))
        visits = "SELECT patient_id::text FROM fragments WHERE resource_type = 'Encounter' ORDER BY position"
        assert h.rows(visits) == [(h.patient("100"),), (h.patient("200"),)]
        assert h.patient("100") != h.patient("200")

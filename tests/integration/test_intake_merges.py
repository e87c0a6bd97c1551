"""Merges: what was told of a patient is found under the surviving number, and can go back."""

from __future__ import annotations

import pytest

from hub.domain.fragments import Fragment
from hub.domain.messages import Receipt
from hub.domain.patients import Identifier
from hub.store.connections import connect
from hub.summarizer.placing import place
from hub.views import patients
from tests.integration.merge_cases import NATIONAL, OTHER_NATIONAL, Registry, another, mrg, pid, registry

ZHAO = "Zhao^Min||19881111|M"


@pytest.mark.parametrize("event", ["A18", "A30", "A34", "A36", "A39", "A40"])
def test_all_history_is_found_under_the_surviving_number_and_the_old_one(database: str, event: str) -> None:
    with registry(database) as h:
        h.seen("100", "before")
        h.seen("200", "own")
        h.tell(event, pid("200"), mrg("100"))
        h.seen("100", "after")
        assert h.notes("200") == h.notes("100") == {"before", "own", "after"}
        assert h.patient("100") == h.patient("200")
        assert h.warnings() == []


def test_the_number_goes_to_the_surviving_patient_whatever_the_name_says(database: str) -> None:
    with registry(database) as h:
        h.seen("100", "nameless", "UNKNOWN^MALE||19000101|M")
        h.seen("200", "own")
        h.tell("A40", pid("200"), mrg("100"))
        h.seen("100", "late", "UNKNOWN^MALE||19000101|M")
        assert h.notes("200") == {"nameless", "own", "late"}


def test_several_pairs_of_one_message_take_effect_in_their_order(database: str) -> None:
    with registry(database) as h:
        for number in ("1", "2", "3", "8", "9"):
            h.seen(number, f"of {number}")
        h.tell("A40", pid("2"), mrg("1"), pid("3"), mrg("2"), pid("9"), mrg("8"))
        assert h.notes("3") == {"of 1", "of 2", "of 3"}
        assert h.notes("9") == {"of 8", "of 9"}


def test_an_unknown_prior_number_is_remembered_and_told_as_a_warning(database: str) -> None:
    with registry(database) as h:
        h.seen("200", "own")
        h.tell("A40", pid("200"), mrg("100"))
        assert h.warnings() == ["MRG[1]-1[1].1"]
        h.seen("100", "late", ZHAO)
        assert h.notes("200") == {"own", "late"}


def test_a_number_keeps_its_type_when_it_goes_to_another_patient(database: str) -> None:
    with registry(database) as h:
        h.seen("100^^^MR^PI", "before")
        h.seen("200^^^MR^MR", "own")
        h.tell("A40", pid("200^^^MR^MR"), mrg("100^^^MR^PI"))
        types = "SELECT value, type FROM patient_identifiers WHERE patient_id = %s ORDER BY value"
        assert h.rows(types, h.patient("200")) == [("100", "PI"), ("200", "MR")]


def test_a_repeat_changes_nothing(database: str) -> None:
    with registry(database) as h:
        h.seen("100", "before")
        for _ in range(2):
            h.tell("A40", pid("200"), mrg("100"))
        assert h.notes("200") == {"before"}
        assert h.one("SELECT count(*) FROM merges") == 1


def test_referrals_and_the_search_for_the_old_number_and_name_follow(database: str) -> None:
    with registry(database) as h:
        referral_id = _refer(h, "100", "R1").outcome.referral
        assert referral_id is not None
        h.tell("A40", pid("200", "Wang^Shuying||19560304|F"), mrg("100"), sender="TOWN")
        sql = "SELECT r.id::text FROM referrals r JOIN patient_identifiers i USING (patient_id) WHERE i.value = %s"
        assert h.rows(sql, "100") == h.rows(sql, "200") == [(referral_id.id,)]
        by_name = "SELECT count(*) FROM referrals r JOIN patient_keys k USING (patient_id) WHERE k.key LIKE %s"
        assert h.one(by_name, "xiuying%") == 1


def _refer(h: Registry, number: str, referral: str) -> Receipt:
    return h.tell("I12", f"RF1||R||||{referral}||||chest pain", "PRD|RT|CITY^^^^^|||||CITY", pid(number), sender="TOWN",
                  kind="REF")  # fmt: skip


def test_only_the_senders_own_numbers_are_merged(database: str) -> None:
    with registry(database) as h:
        h.seen("100", "of the hospital")
        h.seen("7", "of the clinic", ZHAO, sender="TOWN")
        h.tell("A40", pid("7", ZHAO), mrg("100"), sender="TOWN")
        h.tell("A40", pid("7", ZHAO), mrg("100^^^CITY-HIS^MR"), sender="TOWN")
        assert h.notes("100") == {"of the hospital"}
        assert h.notes("7", "TOWN") == {"of the clinic"}


def test_a_national_number_merges_nobody(database: str) -> None:
    with registry(database) as h:
        h.seen(f"100~{NATIONAL}", "of the hospital")
        h.seen("7", "of the clinic", ZHAO, sender="TOWN")
        for event in ("A40", "A47", "A43"):
            h.tell(event, pid("7", ZHAO), mrg(NATIONAL), sender="TOWN")
        assert h.notes("100") == h.notes(NATIONAL) == {"of the hospital"}
        assert h.notes("7", "TOWN") == {"of the clinic"}


@pytest.mark.parametrize("number", ["7", f"7~{OTHER_NATIONAL}"])
def test_what_others_told_does_not_go_along_where_too_much_contradicts(database: str, number: str) -> None:
    """Who knows a national number may say that it is his patient's; it draws nobody's history to another patient."""
    with registry(database) as h:
        h.seen(f"100~{NATIONAL}", "of the hospital")
        h.seen(f"6~{NATIONAL}", "of the clinic", sender="TOWN")
        h.seen(number, "of another", ZHAO, sender="TOWN")
        h.tell("A40", pid("7", ZHAO), mrg("6"), sender="TOWN")
        assert h.warnings() == ["MRG[1]-1[1].1"]
        assert h.notes("100") == h.notes(NATIONAL) == {"of the hospital"}
        assert h.notes("7", "TOWN") == h.notes("6", "TOWN") == {"of the clinic", "of another"}


def test_what_others_told_goes_along_where_the_two_may_be_one(database: str) -> None:
    with registry(database) as h:
        h.seen(f"7~{NATIONAL}", "of the clinic", sender="TOWN")
        h.seen(f"100~{NATIONAL}", "of the hospital")
        h.seen("200", "again")
        h.tell("A40", pid("200"), mrg("100"))
        assert h.notes("7", "TOWN") == h.notes("200") == {"of the clinic", "of the hospital", "again"}


@pytest.mark.parametrize("event", ["A46", "A47"])
def test_a_changed_number_keeps_the_patient(database: str, event: str) -> None:
    with registry(database) as h:
        h.seen("100", "before")
        known = h.patient("100")
        changed = mrg("100") if event == "A47" else "MRG||||100^^^MR"
        h.tell(event, pid("200"), changed)
        h.seen("200", "after")
        h.seen("100", "late", ZHAO)
        assert h.patient("200") == h.patient("100") == known
        assert h.notes("200") == {"before", "after", "late"}
        assert h.one("SELECT count(*) FROM patients") == 1


def test_linked_patients_are_one_until_they_are_unlinked(database: str) -> None:
    with registry(database) as h:
        h.seen("100", "of 100")
        h.seen("200", "of 200")
        h.tell("A24", pid("200"), pid("100"))
        assert h.notes("100") == h.notes("200") == {"of 100", "of 200"}
        h.seen("100", "late")
        h.tell("A37", pid("200"), pid("100"))
        assert h.notes("100") == {"of 100", "late"}
        assert h.notes("200") == {"of 200"}
        assert h.told() == [("patient.merged.v1", "patient"), ("patient.separated.v1", "patient")]


def test_a_merge_goes_back_with_its_referrals_and_names(database: str) -> None:
    with registry(database) as h:
        _refer(h, "100", "R1")
        h.seen("200", "own", ZHAO, sender="TOWN")
        h.tell("A40", pid("200", ZHAO), mrg("100"), sender="TOWN")
        _refer(h, "100", "R2")
        assert h.one("SELECT count(DISTINCT patient_id) FROM referrals") == 1
        h.tell("A37", pid("200", ZHAO), pid("100"), sender="TOWN")
        prior, surviving = h.patient("100", "TOWN"), h.patient("200", "TOWN")
        assert h.rows("SELECT DISTINCT patient_id::text FROM referrals") == [(prior,)]
        assert h.notes("200", "TOWN") == {"own"}
        strays = "SELECT count(*) FROM fragments WHERE patient_id = %s AND referral_id IS NOT NULL"
        assert h.one(strays, surviving) == 0


def test_what_is_not_known_of_the_surviving_patient_comes_from_the_prior_one_until_it_goes_back(database: str) -> None:
    with registry(database) as h:
        h.seen("100", "before")
        h.tell("A40", pid("200", "||19560304"), mrg("100"))
        sql = "SELECT name, gender, birth_date, resource ? 'name' FROM patients WHERE id::text = %s"
        assert h.rows(sql, h.patient("200")) == [("Xiuying Wang", "female", "1956-03-04", True)]
        h.tell("A37", pid("200", "||19560304"), pid("100"))
        assert h.rows(sql, h.patient("200")) == [(None, None, "1956-03-04", False)]
        assert h.rows(sql, h.patient("100")) == [("Xiuying Wang", "female", "1956-03-04", True)]


def test_nobody_undoes_what_another_merged(database: str) -> None:
    with registry(database) as h:
        h.seen("100", "before")
        h.tell("A40", pid("200"), mrg("100"))
        h.tell("A37", pid("200"), pid("100"), sender="TOWN")
        assert h.patient("100") == h.patient("200")
        assert h.warnings() == ["PID[2]-3[1]"]


def test_who_asks_for_the_patient_sees_the_surviving_one(database: str) -> None:
    with registry(database) as h:
        h.seen("100", "before")
        h.tell("A40", pid("200", "Wang^Shuying||19560304|F"), mrg("100", name="Wang^Xiuying"))
        with connect(h.url) as connection:
            [found] = patients.search(connection, h.senders["CITY"].id, limit=5)
        assert {i.value for i in found.identifiers} == {"100", "200"}
        assert found.resource is not None
        assert found.resource["name"][0]["given"] == ["Shuying"]
        assert found.resource.keys() & {"link", "active"} == set()


def test_the_trail_says_who_merged(database: str) -> None:
    with registry(database) as h:
        h.seen("100", "before")
        h.tell("A40", pid("200"), mrg("100"))
        h.tell("A37", pid("200"), pid("100"))
        trail = "SELECT o.code, a.action, a.object_type, a.object_id FROM audit a JOIN organizations o " \
                "ON o.id = a.organization_id ORDER BY a.id"  # fmt: skip
        assert h.rows(trail) == [("CITY", did, "patient", h.patient("200")) for did in ("merge", "separate")]


def test_merges_and_messages_of_two_processes_lose_nothing(database: str) -> None:
    with registry(database) as h:
        second = another(h, database)
        futures = []
        for n in range(25):
            old, new = f"a{n}", f"b{n}"
            h.seen(old, f"{n} first")
            merge = h.submission_of("A40", pid(new), mrg(old))
            late = [h.submission_of("R01", pid(old), "OBR|1|||GEN", f"OBX|1|ST|N^Note||{n} {m}||||||F", kind="ORU")
                    for m in range(3)]  # fmt: skip
            futures += [second.submit(late[0]), h.intake.submit(merge), second.submit(late[1]), second.submit(late[2])]
        assert all(f.result().outcome.accepted for f in futures)
        second.close()
        for n in range(25):
            assert h.notes(f"b{n}") == {f"{n} first", f"{n} 0", f"{n} 1", f"{n} 2"}


def test_a_fhir_link_merges_and_both_patients_are_one_in_the_record(database: str) -> None:
    def patient(number: str, **more: object) -> dict[str, object]:
        return {
            "resourceType": "Patient",
            "identifier": [{"system": "urn:city", "value": number}],
            "id": number,
            **more,
        }

    link = [{"other": {"reference": "Patient/100"}, "type": "replaces"}]
    note = {"resourceType": "Observation", "status": "final", "code": {"text": "Note"}, "valueString": "before",
            "subject": {"reference": "Patient/100"}}  # fmt: skip
    with registry(database) as h:
        h.tell_fhir(patient("100", gender="male", birthDate="1988"), note)
        h.tell_fhir(patient("200", gender="female", birthDate="1956", link=link), patient("100"))
        assert h.notes("200") == h.notes("100") == {"before"}
        rows = h.rows("SELECT id::text, message_id::text, received_at, resource, resource_type FROM fragments")
        of = {message: key for key, message, _, _, kind in rows if kind == "Patient"}
        fragments = [Fragment(key, message, of[message] if kind != "Patient" else "", "CITY", at, None, None, "fhir",
                              resource, ()) for key, message, at, resource, kind in rows]  # fmt: skip
        placed = place(fragments, Identifier("urn:city", "200"))
        assert [e.type for e in placed.own] == ["Observation"]

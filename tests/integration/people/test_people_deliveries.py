"""The administrator's pages of what goes out: how destinations stand, dead letters once more or skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from hub.domain.delivery import UNANSWERED
from tests.integration.delivery_site import (
    Receiver,
    acknowledgement,
    deliveries,
    delivering,
    listening,
    place,
    put,
    settled,
)
from tests.integration.people_site import PeopleSite
from tests.integration.referral_site import Referrals
from tests.integration.streams import eventually

SECRET = "s3cr3t-of-hospital"


@pytest.fixture
def well() -> set[str]:
    """Holds something once the receiver accepts."""
    return set()


@pytest.fixture
def letters(site: PeopleSite, well: set[str]) -> Iterator[list[int]]:
    """Two dead letters at the hospital's system, which refuses until it is well; a deliverer runs."""

    def refusing(message: bytes, _: int) -> bytes:
        return acknowledgement("AA", message) if well else acknowledgement("AE", message, "204")

    with listening(Receiver(refusing)) as hospital, delivering(site.database):
        put(site.database, site.hospital, f"127.0.0.1:{hospital.port}")
        site.execute("UPDATE destinations SET token = %s", SECRET)
        referrals = Referrals(site)
        for number in ("R-1", "R-2"):
            referrals.send(number)
        place(site.database)
        eventually(lambda: settled(site.database, 2))
        yield [row[0] for row in site.execute("SELECT id FROM deliveries ORDER BY id")]


def test_pages_and_forms_are_for_administrators(site: PeopleSite, letters: list[int]) -> None:
    for path in ("/admin/deliveries", f"/admin/deliveries/{letters[0]}"):
        assert site.browser().get(path).status_code == 303
        assert site.browser("specialist").get(path).status_code == 403
    for path in (
        f"/admin/deliveries/{letters[0]}/replay", f"/admin/deliveries/{letters[0]}/skip",
        "/admin/destinations/hospital/main/pause",
    ):  # fmt: skip
        sent = {"confirm": "yes"}
        assert site.browser().post(path, data=sent).status_code == 303
        assert site.browser("engineer").post(path, data=sent).status_code == 403, "without a token of the page"
        assert site.post(site.browser("specialist"), path, sent).status_code == 403
    assert [row[1] for row in deliveries(site.database)] == ["dead", "dead"]
    assert site.execute("SELECT paused_at FROM destinations") == [(None,)]


def test_what_goes_in_clear_text_is_shown(site: PeopleSite) -> None:
    put(site.database, site.hospital, "https://a.example/r4", "one", token=SECRET)
    put(site.database, site.hospital, "http://a.example/r4", "two", token=SECRET, plain=True)
    put(site.database, site.hospital, "a.example:2575", "three")
    put(site.database, site.hospital, "a.example:2576", "four", tls=True)
    page = site.browser("engineer", language="en").get("/admin/deliveries").text
    shown = re.findall(r"hospital/(\w+)</code>.*?· (TLS|not encrypted[^<]*)</span>", page, re.DOTALL)
    assert dict(shown) == {
        "one": "TLS", "two": "not encrypted, nor is its token", "three": "not encrypted", "four": "TLS",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("外发目标", "死信", "发送正常")), ("en", ("Destinations", "Takes them"))]
)
def test_how_a_destination_stands(site: PeopleSite, letters: list[int], language: str, words: tuple[str, ...]) -> None:
    page = site.browser("engineer", language=language).get("/admin/deliveries").text
    for word in (*words, "hospital/main", "AE 204 RF1^1^6", "REF^I12", "127.0.0.1:"):
        assert word in page
    assert SECRET not in page
    overview = site.browser("engineer", language=language).get("/admin").text
    assert "/admin/deliveries?status=dead" in overview


def test_a_delivery_is_shown_with_its_tries_its_message_and_the_answer(
    site: PeopleSite, engineer: TestClient, letters: list[int]
) -> None:
    page = engineer.get(f"/admin/deliveries/{letters[0]}").text
    assert "RF1^1^6" in page
    assert "王秀英" in page
    assert "对方拒收" in page
    assert engineer.get("/admin/deliveries/999").status_code == 404
    assert engineer.get("/admin/deliveries/none").status_code == 404
    trail = site.execute("SELECT action, object_id, allowed FROM audit WHERE object_type = 'delivery' ORDER BY id")
    assert trail == [("read", str(letters[0]), True), ("read", "999", False), ("read", "none", False)]


def test_what_mllp_answers_by_itself_has_words(site: PeopleSite, letters: list[int]) -> None:
    for number, outcome in enumerate(("ACK", "NAK"), 2):
        site.execute("INSERT INTO delivery_attempts (delivery_id, number, ended_at, outcome) "
                     "VALUES (%s, %s, now(), %s) RETURNING 1", letters[0], number, outcome)  # fmt: skip
    page = site.browser("engineer", language="en").get(f"/admin/deliveries/{letters[0]}").text
    assert re.findall(">([^<>]+) <code>(ACK|NAK)</code>", page) == [("Taken", "ACK"), ("Turned away", "NAK")]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_way_to_get_no_answer_has_words_of_its_own(site: PeopleSite, letters: list[int], language: str) -> None:
    for number, outcome in enumerate(sorted(UNANSWERED), 2):
        site.execute("INSERT INTO delivery_attempts (delivery_id, number, ended_at, outcome) "
                     "VALUES (%s, %s, now(), %s) RETURNING 1", letters[0], number, outcome)  # fmt: skip
    page = site.browser("engineer", language=language).get(f"/admin/deliveries/{letters[0]}").text
    told = {re.findall(f">([^<>]+) <code>{outcome}</code>", page)[0] for outcome in UNANSWERED}
    assert len(told) == len(UNANSWERED)
    assert not told & {"Failure there", "对方故障"}


def test_dead_letters_are_sent_again_or_skipped(
    site: PeopleSite, engineer: TestClient, letters: list[int], well: set[str]
) -> None:
    one, two = letters
    page = f"/admin/deliveries/{one}"
    assert site.post(engineer, f"{page}/replay", {}, page=page).status_code == 422
    well.add("yes")
    assert site.post(engineer, f"{page}/replay", {"confirm": "yes"}, page=page).status_code == 303
    eventually(lambda: [row[1] for row in deliveries(site.database)] == ["delivered", "dead"])
    assert site.post(engineer, f"{page}/replay", {"confirm": "yes"}).status_code == 409
    assert site.post(engineer, f"/admin/deliveries/{two}/skip", {"confirm": "yes"}).status_code == 303
    assert [row[1] for row in deliveries(site.database)] == ["delivered", "skipped"]
    trail = site.execute("SELECT actor, action, object_id, allowed FROM audit WHERE action IN ('replay', 'skip') "
                         "ORDER BY id")  # fmt: skip
    assert trail == [("engineer", "replay", str(one), True), ("engineer", "replay", str(one), False),
                     ("engineer", "skip", str(two), True)]  # fmt: skip


def test_a_destination_is_paused_and_resumed(site: PeopleSite, engineer: TestClient, letters: list[int]) -> None:
    assert site.post(engineer, "/admin/destinations/hospital/main/pause").status_code == 303
    Referrals(site).send("R-3")
    place(site.database)
    eventually(lambda: len(deliveries(site.database)) == 3)
    assert "已暂停" in engineer.get("/admin/deliveries").text
    assert deliveries(site.database)[2][1:3] == ("waiting", 0)
    assert site.post(engineer, "/admin/destinations/hospital/main/resume").status_code == 303
    eventually(lambda: deliveries(site.database)[2][1] == "dead")
    assert site.post(engineer, "/admin/destinations/hospital/other/pause").status_code == 404
    assert site.post(engineer, "/admin/destinations/nobody/main/pause").status_code == 404


def test_the_list_is_narrowed_and_paged(site: PeopleSite, engineer: TestClient, letters: list[int]) -> None:
    referral = site.execute("SELECT referral_id FROM deliveries WHERE id = %s", letters[0])[0][0]
    page = engineer.get(f"/admin/deliveries?referral_id={referral}&status=dead&organization=HOSPITAL").text
    assert f'"/admin/deliveries/{letters[0]}"' in page
    assert f'"/admin/deliveries/{letters[1]}"' not in page
    page = engineer.get(f"/admin/deliveries?before={letters[1]}").text
    assert f'"/admin/deliveries/{letters[0]}"' in page
    assert f'"/admin/deliveries/{letters[1]}"' not in page
    assert engineer.get("/admin/deliveries?status=lost").status_code == 422
    assert engineer.get("/admin/deliveries?referral_id=none&before=x").status_code == 200


def test_figures_of_deliveries(site: PeopleSite, engineer: TestClient, letters: list[int]) -> None:
    text = engineer.get("/metrics").text
    where = 'destination="main",organization="hospital"'
    for line in (
        f"referral_hub_deliveries_waiting{{{where}}} 0.0",
        f"referral_hub_deliveries_dead{{{where}}} 2.0",
        f"referral_hub_deliveries_oldest_seconds{{{where}}} 0.0",
        f"referral_hub_delivered_total{{{where}}} 0.0",
        f"referral_hub_delivery_failures_total{{{where}}} 2.0",
    ):
        assert line in text
    assert "referral_hub_delivery_up 1.0" in text

"""The commands `destination` and `deliveries`: what they print, what they refuse, and that a token is never shown."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import certifi
import psycopg
import pytest

from hub.processes import deliveries as deliveries_command
from hub.processes import destination as destination_command
from hub.processes.settings import Settings
from hub.store.connections import connect
from tests.integration.delivery_site import (
    Receiver,
    acknowledgement,
    delivering,
    listening,
    outcomes,
    place,
    settled,
)
from tests.integration.delivery_site import deliveries as rows
from tests.integration.fhir_site import Site, referral
from tests.integration.streams import eventually
from tests.integration.test_delivery import fhir_server

MODULES = {"destination": destination_command, "deliveries": deliveries_command}


class Commands:
    def __init__(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        self.settings = replace(Settings.from_environment({}), database=site.url)
        self.capsys = capsys

    def __call__(self, *words: str, status: int = 0) -> list[dict[str, Any]]:
        module, parser = MODULES[words[0]], argparse.ArgumentParser()
        module.configure(parser)
        self.capsys.readouterr()
        assert module.execute(parser.parse_args(words[1:]), self.settings) == status
        self.printed = self.capsys.readouterr()
        return [json.loads(line) for line in self.printed.out.splitlines()]


@pytest.fixture
def run(site: Site, capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(site, capsys)


def test_a_destination_is_set_changed_paused_resumed_and_removed(run: Commands) -> None:
    [told] = run("destination", "set", "CITY", "--mllp", "his.city.example:2575", "--charset", "GB 18030-2000")
    assert told == {"organization": "CITY", "destination": "main", "address": "his.city.example:2575", "dialect": "ref",
                    "new": True}  # fmt: skip
    [told] = run("destination", "set", "city", "--mllp", "his.city.example:2576", "--dialect", "360x", "--tries", "5")
    assert not told["new"]
    run("destination", "pause", "CITY")
    [found] = run("destination", "list")
    assert (found["organization"], found["destination"], found["address"]) == ("CITY", "main", "his.city.example:2576")
    assert (found["dialect"], found["most_tries"], found["facility"]) == ("360x", 5, "CITY")
    assert found["paused_at"]
    run("destination", "resume", "CITY")
    assert run("destination", "list", "CITY")[0]["paused_at"] is None
    assert run("destination", "list", "TOWN") == []
    assert run("destination", "remove", "CITY") == [
        {"organization": "CITY", "destination": "main", "removed": True, "skipped": 0}
    ]
    assert run("destination", "list") == []


def test_a_token_is_kept_where_it_is_and_never_shown(run: Commands, site: Site, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("s3cr3t-of-city\n")
    printed = ""
    for words in (["--token-file", str(secret)], ["--timeout", "5"]):
        run("destination", "set", "CITY", "--fhir", "https://fhir.city.example/r4/", *words)
        printed += run.printed.out + run.printed.err
    [found] = run("destination", "list")
    assert (found["token"], found["address"]) == (True, "https://fhir.city.example/r4/$process-message")
    assert "s3cr3t" not in printed + run.printed.out
    assert site.rows("SELECT token FROM destinations") == [(f"file:{secret}",)]
    run("destination", "set", "CITY", "--fhir", "https://elsewhere.example/r4")
    assert site.rows("SELECT token FROM destinations") == [(None,)], "a token goes to no other address"
    trail = site.rows("SELECT actor, action, object_type, object_id FROM audit WHERE object_type = 'destination'")
    assert trail[0] == ("command", "set", "destination", "CITY/main")
    assert "s3cr3t" not in str(trail)


def test_a_token_is_read_to_send_and_anew_when_it_was_refused(run: Commands, site: Site, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("old\n")
    with fhir_server((200, {}, b""), (401, {}, b""), (200, {}, b"")) as (url, got), delivering(site.url):
        run("destination", "set", "CITY", "--fhir", url, "--token-file", str(secret))
        site.refer("R-1", control="C-1")
        place(site.url)
        eventually(lambda: settled(site.url, 1))
        secret.unlink()
        site.refer("R-2", control="C-2")
        place(site.url)
        eventually(lambda: outcomes(site.url)[1:2] == ["401"])
        eventually(lambda: "unconfigured" in outcomes(site.url))
        assert run("destination", "list")[0]["fault"] == "unconfigured token"
        secret.write_text("new\n")
        run("destination", "resume", "CITY")
        eventually(lambda: settled(site.url, 2))
    assert [headers["Authorization"] for headers, _ in got] == ["Bearer old", "Bearer old", "Bearer new"]


@pytest.mark.parametrize("words", [("resume", "CITY"), ("set", "CITY", "--mllp", "127.0.0.1:2")])
def test_a_destination_resumed_or_set_anew_is_tried_at_once(run: Commands, site: Site, words: tuple[str, ...]) -> None:
    with delivering(site.url):
        run("destination", "set", "CITY", "--mllp", "127.0.0.1:1")
        site.refer("R-1", control="C-1")
        place(site.url)
        eventually(lambda: "unreachable" in outcomes(site.url))
    with connect(site.url) as connection:
        connection.execute("UPDATE deliveries SET due_at = now() + interval '5 minutes'")
        connection.execute("UPDATE destinations SET resume_at = now() + interval '5 minutes'")
    run("destination", *words)
    assert site.rows("SELECT d.due_at <= now(), t.resume_at FROM deliveries d, destinations t") == [(True, None)]


def test_a_token_that_is_no_file_is_refused(run: Commands, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    for path in (empty, tmp_path / "nothing"):
        with pytest.raises(SystemExit):
            run("destination", "set", "CITY", "--fhir", "https://a/", "--token-file", str(path))
    assert run("destination", "list") == []


@pytest.mark.parametrize(
    ("words", "path", "status"),
    [
        (["set", "NOBODY", "--mllp", "a:1"], "code", 1),
        (["set", "CITY", "--mllp", "no-port"], "address", 2),
        (["set", "CITY", "--mllp", "a:99999"], "address", 2),
        (["set", "CITY", "--fhir", "https://user:password@a/"], "address", 2),
        (["set", "CITY", "--fhir", "ftp://a/"], "address", 2),
        (["set", "CITY", "--fhir", "https://a/$process-message?key=password"], "address", 2),
        (["set", "CITY", "--fhir", "https://a:99999/"], "address", 2),
        (["set", "CITY", "--fhir", "https://a/", "--dialect", "ref"], "dialect", 2),
        (["set", "CITY", "--mllp", "a:1", "--charset", "KLINGON"], "charset", 2),
        (["set", "CITY", "--mllp", "a:1", "--hl7-version", "3"], "version", 2),
        (["set", "CITY", "--mllp", "a:1", "--hl7-version", "2.5.1+3"], "version", 2),
        (["set", "CITY", "--mllp", "a:1", "--timeout", "0"], "timeout", 2),
        (["set", "CITY", "--mllp", "a:1", "--tries", "0"], "tries", 2),
        (["set", "CITY", "--mllp", "a:1", "--name", "no blank"], "name", 2),
        (["set", "CITY", "--mllp", "a:1", "--facility", "\u0001"], "facility", 2),
        (["set", "CITY", "--mllp", "a:1", "--tls-ca-file", "CERTIFICATES"], "tls", 2),
        (["set", "CITY", "--mllp", "a:1", "--token-file", "TOKEN"], "token", 2),
        (["set", "CITY", "--fhir", "http://a/", "--token-file", "TOKEN"], "token", 2),
        (["set", "CITY", "--fhir", "HTTP://192.168.1.8/", "--token-file", "TOKEN"], "token", 2),
        (["pause", "CITY"], "name", 1),
        (["remove", "CITY", "--name", "other"], "name", 1),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(
    run: Commands, words: list[str], path: str, status: int, tmp_path: Path
) -> None:
    held = {"CERTIFICATES": Path(certifi.where()).read_text("utf-8"), "TOKEN": "password"}
    for name, content in held.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    [told] = run("destination", *(str(tmp_path / word) if word in held else word for word in words), status=status)
    assert told["error"]["path"] == path
    assert "password" not in run.printed.out + run.printed.err


@pytest.mark.parametrize(
    "words",
    [["https://a/"], ["http://127.0.0.1:1/"], ["http://[::1]:1/"], ["http://localhost/"], ["http://a/", "--plain"]],
)
def test_a_token_goes_unencrypted_only_within_this_machine_or_where_that_is_said(
    run: Commands, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "token").write_text("secret")
    run("destination", "set", "CITY", "--fhir", *words, "--token-file", str(tmp_path / "token"))
    assert run("destination", "list")[0]["token"]


def test_dead_letters_are_shown_replayed_and_skipped(run: Commands, site: Site) -> None:
    well = False

    def choosy(message: bytes, _: int) -> bytes:
        return acknowledgement("AA" if well or b"I14" in message else "AE", message, "" if well else "204")

    with listening(Receiver(choosy)) as city, delivering(site.url):
        run("destination", "set", "CITY", "--mllp", f"127.0.0.1:{city.port}")
        site.refer("R-1", control="C-1")
        site.refer("R-2", control="C-2")
        place(site.url)
        eventually(lambda: settled(site.url, 2))
        site.request("POST", "/$process-message", "TOWN", referral("R-1", event="referral-amend", control="C-3"))
        site.request("POST", "/$process-message", "TOWN", referral("R-2", event="referral-cancel", control="C-4"))
        place(site.url)
        eventually(lambda: len(rows(site.url)) == 4)
        one, two = run("deliveries", "list", "--status", "dead", "--organization", "CITY")
        three, _ = run("deliveries", "list", "--status", "waiting")
        assert (one["cause"], one["outcome"], three["behind"]) == ("AE 204 RF1^1^6", "AE", one["id"])
        [shown] = run("deliveries", "show", str(one["id"]))
        assert [attempt["outcome"] for attempt in shown["tries"]] == ["AE"]
        assert "王秀英" in shown["payload"]
        assert shown["answer"].startswith("MSH|")
        run("deliveries", "skip", str(two["id"]))
        eventually(lambda: rows(site.url)[3][:2] == ("REF^I14", "delivered"))
        well = True
        [told] = run("deliveries", "replay", "--all")
        assert told["id"] == one["id"]
        eventually(lambda: settled(site.url, 4))
        assert run("deliveries", "replay", str(one["id"]), status=1)[0]["error"]["code"] == "unknown-key"
        assert run("deliveries", "skip", "999", status=1)[0]["id"] == 999
    assert [status for _, status, *_ in rows(site.url)] == ["delivered", "skipped", "delivered", "delivered"]
    trail = site.rows("SELECT action, object_id FROM audit WHERE object_type = 'delivery' ORDER BY id")
    assert trail == [("read", str(one["id"])), ("skip", str(two["id"])), ("replay", str(one["id"]))]


def test_a_removed_destination_gets_nothing_more_and_may_be_set_anew(run: Commands, site: Site) -> None:
    run("destination", "set", "CITY", "--mllp", "127.0.0.1:1")
    run("destination", "pause", "CITY")
    with delivering(site.url):
        site.refer("R-1")
        place(site.url)
        eventually(lambda: len(rows(site.url)) == 1)
        assert run("destination", "remove", "CITY")[0]["skipped"] == 1
        with listening(Receiver()) as city:
            run("destination", "set", "CITY", "--mllp", f"127.0.0.1:{city.port}")
            site.refer("R-2")
            place(site.url)
            eventually(lambda: settled(site.url, 2))
            assert len(city.received) == 1
    with psycopg.connect(site.url) as connection:
        assert connection.execute("SELECT count(*) FROM destinations").fetchone() == (2,)

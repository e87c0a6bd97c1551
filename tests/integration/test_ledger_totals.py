"""Ledgers are counted by sender, day and field: each outcome once, whoever counts and whatever ends it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.hl7v2.envelope import read_envelope
from hub.domain.messages import Receipt, Submission
from hub.intake import totals
from hub.intake.backlog import Backlog
from hub.intake.committing import open_connection
from hub.intake.kept import replay
from hub.processes import commands
from hub.processes.submissions import Hl7Message, resubmit
from hub.store.directory import MISS_AGE
from hub.views import ledgers
from tests.acceptance.messages import referral
from tests.integration.intake_cases import Hub, hub

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def h(database: str) -> Iterator[Hub]:
    with hub(database) as opened:
        yield opened


def dialect(control_id: str, *more: str, sender: str = "TOWN") -> bytes:
    """A referral with segments of the sender's own."""
    raw = referral(control_id, sender=f"{sender}-HIS", receiver="CITY", charset="UNICODE UTF-8")
    return raw + "".join(f"{segment}\r" for segment in more).encode()


def submission(h: Hub, raw: bytes, received_at: datetime = NOON) -> Submission:
    envelope, refusals = read_envelope(raw)
    sender = h.directory.by_facility(envelope.facility)
    return Hl7Message(raw, received_at, envelope, sender, refusals).submission("original")


def send(h: Hub, raw: bytes, received_at: datetime = NOON) -> Receipt:
    return h.intake.accept(submission(h, raw, received_at))


def counted(h: Hub, limit: int = 100) -> int:
    with open_connection(h.url) as connection:
        return totals.count(connection, limit)


def lines(h: Hub, **asked: Any) -> dict[tuple[str, str, str], ledgers.Line]:
    """By sender, field and reason."""
    with open_connection(h.url) as connection, connection.transaction():
        found = ledgers.lines(connection, ledgers.Criteria(**asked))
    return {(line.organization, line.field, line.reason): line for line in found}


NO_RULE = "no rule for Z-segments"


def test_a_field_is_counted_once_per_message_without_its_occurrence(h: Hub) -> None:
    first = send(h, dialect("1", "ZXN|a~b|c^d", "ZXN|e"))
    last = send(h, dialect("2", "ZXN|f"), NOON + timedelta(minutes=5))
    assert first.outcome.accepted and last.outcome.accepted
    assert counted(h) == 2
    found = lines(h)
    field = found["TOWN", "ZXN-1", NO_RULE]
    assert (field.messages, field.mapped, field.types) == (2, 0, ["REF^I12"])
    assert (field.last_at, field.newest) == (NOON + timedelta(minutes=5), last.outcome.message_id)
    component = found["TOWN", "ZXN-2.2", NO_RULE]
    assert (component.messages, component.newest) == (1, first.outcome.message_id)
    name = found["TOWN", "PID-5.1", ""]
    assert (name.messages, name.mapped, name.outcome) == (2, 2, "mapped")


def test_no_value_of_a_message_is_kept(h: Hub) -> None:
    send(h, dialect("1", "ZXN|王芳的秘密"))
    counted(h)
    kept = str(h.rows("SELECT * FROM ledger_days")) + str(h.rows("SELECT * FROM message_totals"))
    assert "ZXN-1" in kept
    for value in ("王", "芳", "秘密", "19570302", "曾", "尿"):
        assert value not in kept


def test_totals_are_what_the_ledgers_say(h: Hub) -> None:
    for n in range(3):
        send(h, dialect(str(n), "ZXN|a|b"))
    send(h, dialect("9", sender="OTHER"))
    assert counted(h, 2) == 2
    assert counted(h, 100) == 2
    assert counted(h) == 0
    with open_connection(h.url) as connection:
        by_sender = {total.organization: total for total in ledgers.totals(connection)}
    town = by_sender["TOWN"]
    assert (town.type, town.converted, town.refused) == ("REF^I12", 3, 0)
    said = h.rows("SELECT sum(json_array_length(ledger->'unmapped')), (SELECT count(*) FROM (SELECT DISTINCT m.id, "
                  "p->>'path' FROM messages m, json_array_elements(m.ledger->'mapped') p "
                  "WHERE organization_id = (SELECT id FROM organizations WHERE code = 'TOWN')) x) FROM messages "
                  "WHERE organization_id = (SELECT id FROM organizations WHERE code = 'TOWN')")  # fmt: skip
    assert said == [(town.unmapped, town.mapped)]
    assert by_sender["OTHER"].converted == 1


def test_refusals_are_counted_and_what_a_sender_invents_names_no_type(h: Hub) -> None:
    send(h, dialect("1").replace(b"REF^I12^REF_I12", "秘^密".encode()))
    send(h, dialect("2").replace(b"TOWN-HIS", b"NOBODY"))
    send(h, b"nothing at all")
    send(h, dialect("3").replace(b"|CITY", b"|NOWHERE"))
    counted(h)
    with open_connection(h.url) as connection:
        found = {(t.organization, t.type): (t.converted, t.refused) for t in ledgers.totals(connection)}
    assert found == {
        ("TOWN", "REF^I12"): (0, 1), ("TOWN", "other"): (0, 1), (None, "REF^I12"): (0, 1), (None, "other"): (0, 1),
    }  # fmt: skip
    assert lines(h) == {}


def test_a_refused_message_that_goes_through_later_is_counted_then(h: Hub) -> None:
    unknown = send(h, dialect("1").replace(b"TOWN-HIS", b"LATE"))
    assert counted(h) == 1
    h.rows("INSERT INTO facilities SELECT 'LATE', id FROM organizations WHERE code = 'TOWN' RETURNING 1")
    threading.Event().wait(2 * MISS_AGE)
    with open_connection(h.url) as connection:
        receipt = replay(connection, h.directory, unknown.outcome.message_id, resubmit(h.directory))
        assert receipt.outcome.accepted
        assert counted(h) == 1
        found = {(t.organization, t.type): (t.converted, t.refused) for t in ledgers.totals(connection)}
    assert lines(h)["TOWN", "PID-5.1", ""].messages == 1
    assert found == {(None, "REF^I12"): (0, 1), ("TOWN", "REF^I12"): (1, 0)}


def test_a_repeated_message_is_counted_once(h: Hub) -> None:
    raw = dialect("1")
    send(h, raw)
    assert send(h, raw).repeated
    assert counted(h) == 1


def test_days_are_the_senders_own(h: Hub) -> None:
    before_midnight = datetime(2026, 5, 1, 15, 59, tzinfo=UTC)
    send(h, dialect("1"), before_midnight)
    send(h, dialect("2"), before_midnight + timedelta(minutes=1))
    counted(h)
    assert h.rows("SELECT day::text, count(*) FROM ledger_days WHERE field = 'PID-5.1' GROUP BY 1 ORDER BY 1") == [
        ("2026-05-01", 1),
        ("2026-05-02", 1),
    ]
    assert lines(h, since=before_midnight)["TOWN", "PID-5.1", ""].messages == 2
    assert lines(h, since=before_midnight + timedelta(minutes=1))["TOWN", "PID-5.1", ""].messages == 1


def test_many_may_count_at_once(h: Hub) -> None:
    futures = [h.intake.submit(submission(h, dialect(str(n), "ZXN|a", sender=("TOWN", "OTHER")[n % 2])))
               for n in range(120)]  # fmt: skip
    assert all(future.result().outcome.accepted for future in futures)

    def work() -> None:
        while counted(h, 7):
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = lines(h)
    assert found["TOWN", "ZXN-1", NO_RULE].messages == found["OTHER", "ZXN-1", NO_RULE].messages == 60
    assert h.one("SELECT count(*) FROM ledgers_waiting") == 0


def test_who_is_ended_while_counting_leaves_it_to_the_next(h: Hub) -> None:
    send(h, dialect("1"))
    with open_connection(h.url) as connection, connection.transaction(force_rollback=True):
        assert totals.count(connection, 10) == 1
    assert h.one("SELECT count(*) FROM ledger_days") == 0
    assert counted(h) == 1


def test_the_backlog_counts_when_nothing_else_waits(h: Hub) -> None:
    for n in range(60):
        send(h, dialect(str(n)))
    worker = Backlog(h.url, h.directory, resubmit=resubmit(h.directory), answered=lambda *_: None,
                     awaited=lambda: (), busy=lambda: False)  # fmt: skip
    try:
        end = datetime.now(UTC) + timedelta(seconds=20)
        while h.one("SELECT count(*) FROM ledgers_waiting") and datetime.now(UTC) < end:
            threading.Event().wait(0.05)
    finally:
        worker.close()
    assert lines(h)["TOWN", "PID-5.1", ""].messages == 60


def test_old_days_are_forgotten_and_totals_are_not(h: Hub) -> None:
    send(h, dialect("1"), datetime.now(UTC) - totals.KEPT - timedelta(days=2))
    send(h, dialect("2"), datetime.now(UTC) - totals.KEPT + timedelta(days=2))
    counted(h)
    with open_connection(h.url) as connection:
        assert totals.purge(connection) > 0
        [total] = ledgers.totals(connection)
    assert lines(h)["TOWN", "PID-5.1", ""].messages == 1
    assert total.converted == 2


def test_what_a_sender_makes_up_is_bounded(h: Hub) -> None:
    made_up = "|".join(["x"] * (totals.MOST_FIELDS + 500))
    assert send(h, dialect("1", f"ZZZ|{made_up}")).outcome.accepted
    counted(h)
    assert h.one("SELECT count(*) FROM ledger_days") == totals.MOST_FIELDS


def test_the_command_counts_what_waits_and_tells_it(
    h: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFERRAL_HUB_DATABASE", h.url)
    newest = [send(h, dialect(str(n), "ZXN|a")).outcome.message_id for n in range(3)][-1]
    send(h, dialect("9", "ZXN|b", sender="OTHER"))

    def told(*words: str) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert commands.main(["ledger", *words]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    [line] = told("--organization", "town", "--unmapped", "--segment", "ZXN")
    assert line.pop("last_at").startswith("2026-05-01T")
    assert line == {"organization": "TOWN", "field": "ZXN-1", "outcome": "unmapped", "reason": NO_RULE, "messages": 3,
                    "mapped": 0, "types": ["REF^I12"], "newest": newest}  # fmt: skip
    assert {line["outcome"] for line in told()} == {"mapped", "unmapped"}
    assert told("--since", "2026-05-03T00:00:00+08:00") == []
    with pytest.raises(SystemExit) as ended:
        commands.main(["ledger", "--since", "yesterday"])
    assert ended.value.code == 2

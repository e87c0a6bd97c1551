"""Lists use their indexes, at the size at which a table scan would hurt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from hub.domain.messages import Sender
from hub.domain.referrals import FINAL, SENDERS_TURN
from hub.security import organizations
from hub.store.connections import connect
from hub.store.sql import blocks
from hub.views import worklist
from hub.views.searches import Search
from hub.views.worklist import Criteria
from tests.benchmarks.seeding import seed
from tests.integration.plans import PLANS, Explained

SMALL = ("organizations", "departments")


@dataclass
class Grown:
    connection: psycopg.Connection[Any]
    hospital: Sender
    clinic: Sender

    def read(self, criteria: Criteria, after: worklist.Position | None = None) -> worklist.Listing:
        viewer = self.hospital if criteria.side == "received" else self.clinic
        return worklist.read(self.connection, 1, viewer, criteria, after)


@pytest.fixture(scope="module")
def grown(postgres: str, template: str) -> Iterator[Grown]:
    """10,000 referrals over 40 organisations; 40 people who each looked at 300 of them."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "worklist_plans" TEMPLATE {template} STRATEGY file_copy')
    url = postgres.replace("/postgres?", "/worklist_plans?")
    with connect(url) as connection:
        seed(connection)
        connection.execute(
            "INSERT INTO users (login, name, organization_id, role, password) "
            "SELECT code, code, id, 'clinician', '' FROM organizations"
        )
        connection.execute(
            "INSERT INTO looks (user_id, referral_id, at) SELECT u.id, r.id, r.updated_at FROM users u, "
            "LATERAL (SELECT id, updated_at FROM referrals WHERE u.organization_id IN (sender_id, receiver_id) "
            "ORDER BY id LIMIT 300) r"
        )
        connection.execute("ANALYZE")
        hospital, clinic = (organizations.find(connection, code) for code in ("SEED-4", "SEED-1"))
        assert hospital and clinic
        connection.commit()
        connection.cursor_factory = Explained
        yield Grown(connection, hospital, clinic)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute('DROP DATABASE "worklist_plans" WITH (FORCE)')


@pytest.fixture(autouse=True)
def forget() -> None:
    PLANS.clear()


def scanned(plan: str) -> list[str]:
    lines = (line for line in plan.splitlines() if "Seq Scan" in line)
    return [line for line in lines if not any(f" on {table}" in line for table in SMALL)]


@pytest.mark.parametrize("tab", worklist.TABS)
@pytest.mark.parametrize("side", ["received", "sent"])
def test_no_list_reads_a_whole_table(grown: Grown, side: worklist.Side, tab: worklist.Tab) -> None:
    for sort in worklist.SORTS:
        for changed in (False, True):
            asked = Criteria(side, tab, sort=sort, changed=changed, priority="routine", department="NFM")
            first = grown.read(asked)
            if first.after:
                grown.read(asked, first.after)
    assert len(PLANS) > 10
    assert not [plan for plan in PLANS if scanned(plan)], next(plan for plan in PLANS if scanned(plan))


def test_the_open_worklist_comes_in_order_from_its_index(grown: Grown) -> None:
    first = grown.read(Criteria("received"))
    assert len(first.entries) == worklist.PAGE
    grown.read(Criteria("received"), first.after)
    for plan in (PLANS[0], PLANS[2]):
        limited = plan.partition("Limit")[2]
        assert "Index Scan using referrals_worklist" in limited.splitlines()[1], plan


@pytest.mark.parametrize("text", ["王秀", "cgy", "wangxiu", "N500", "R77", "wang xiu"])
def test_a_search_reads_its_index(grown: Grown, text: str) -> None:
    grown.read(Criteria("received", "all", search=Search(text)))
    assert all("patient_keys_key" in plan for plan in PLANS), PLANS
    assert not [plan for plan in PLANS if scanned(plan)], next(plan for plan in PLANS if scanned(plan))


def test_news_are_read_from_the_newest_changes(grown: Grown) -> None:
    since = datetime.now(UTC) - timedelta(minutes=5)
    worklist.news(grown.connection, 1, grown.hospital, "received", since)
    assert "referrals_receiver" in PLANS[0], PLANS[0]
    assert not scanned(PLANS[0]), PLANS[0]


def test_states_in_the_statements_are_those_of_the_life_cycle() -> None:
    def states(sql: str) -> set[str]:
        return set(sql.replace("'", "").partition("(")[2].rpartition(")")[0].split(", "))

    sql = blocks("worklist")
    final, turn = {state.value for state in FINAL}, {state.value for state in SENDERS_TURN}
    assert states(sql["open"]) == states(sql["closed"]) == final
    for name in ("sender_turn", "receiver_turn"):
        first, _, second = sql[name].partition("\nAND ")
        assert (states(first), states(second)) == (final, turn)

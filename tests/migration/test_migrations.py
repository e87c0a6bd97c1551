"""A migrated database is what hub/store/schema.sql declares, and the way back leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import psycopg
import pytest

from hub.processes.migrate import migrate

CATALOG = {
    "tables": """SELECT c.relname, c.relkind, obj_description(c.oid, 'pg_class') FROM pg_class c
                 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')""",
    "columns": """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                         a.attgenerated, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum),
                         row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum)
                  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
                  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')""",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
                      FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": """SELECT proname, pg_get_function_identity_arguments(oid), prosrc FROM pg_proc
                    WHERE pronamespace = 'public'::regnamespace""",
    "types": """SELECT typname, typtype FROM pg_type WHERE typnamespace = 'public'::regnamespace
                AND typtype NOT IN ('c', 'b')""",
    "extensions": "SELECT extname FROM pg_extension",
}


def _catalog(url: str) -> dict[str, list[str]]:
    """What the database consists of, without alembic's own table."""
    with psycopg.connect(url) as connection:
        rows = {name: map(str, connection.execute(query).fetchall()) for name, query in CATALOG.items()}
        return {name: sorted(row for row in found if "alembic_version" not in row) for name, found in rows.items()}


@pytest.fixture
def empty(postgres: str) -> Iterator[str]:
    """URL of a database with nothing in it."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrations_test")
    yield postgres.replace("/postgres?", "/migrations_test?")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP DATABASE migrations_test WITH (FORCE)")


def test_migrations_give_the_declared_schema(database: str, empty: str) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute(files("hub.store").joinpath("schema.sql").read_bytes())
    migrated, declared = _catalog(database), _catalog(empty)
    assert len(declared["tables"]) > 15
    for name in CATALOG:
        assert migrated[name] == declared[name], name


def test_downgrade_leaves_nothing_and_the_way_up_works_again(empty: str) -> None:
    nothing = _catalog(empty)
    migrate(empty)
    migrated = _catalog(empty)
    assert migrated != nothing
    migrate(empty, "base")
    assert _catalog(empty) == nothing
    migrate(empty)
    assert _catalog(empty) == migrated


def test_migrating_a_migrated_database_keeps_its_rows(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO organizations (code, name, kind) VALUES ('a', 'A', 'clinic')")
    migrate(database)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT code FROM organizations").fetchall() == [("a",)]


def test_patients_of_the_release_before_are_found_by_name(empty: str) -> None:
    migrate(empty, "0001")
    with psycopg.connect(empty) as connection:
        connection.execute(
            "INSERT INTO patients (id, name, resource) SELECT uuidv7(), name, '{}' FROM (SELECT '陈桂英' AS name "
            "UNION ALL SELECT NULL UNION ALL SELECT 'p' || n FROM generate_series(1, 2100) n)"
        )
    migrate(empty)
    with psycopg.connect(empty) as connection:
        query = "SELECT DISTINCT p.name FROM patients p JOIN patient_keys k ON k.patient_id = p.id WHERE k.key = %s"
        assert connection.execute(query, ("cgy",)).fetchall() == [("陈桂英",)]
        assert connection.execute(query, ("p2100",)).fetchall() == [("p2100",)]
        assert connection.execute("SELECT count(DISTINCT patient_id) FROM patient_keys").fetchone() == (2101,)


def test_numbers_of_the_release_before_get_the_types_that_were_told(empty: str) -> None:
    migrate(empty, "0006")
    coding = '{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "%s"}]}'
    told = ", ".join(
        f'{{"system": "{system}", "value": "{value}", "type": {coding % kind}}}'
        for system, value, kind in (("urn:a", "7", "MR"), ("urn:n", "11x ", "NI"))
    )
    with psycopg.connect(empty) as connection:
        connection.execute("INSERT INTO organizations (code, name, kind) VALUES ('a', 'A', 'clinic')")
        [(patient,)] = connection.execute("INSERT INTO patients (id, resource) VALUES (uuidv7(), '{}') RETURNING id")
        connection.execute(
            "INSERT INTO patient_identifiers (patient_id, organization_id, system, value) "
            "VALUES (%(p)s, 1, 'urn:a', '7'), (%(p)s, NULL, 'urn:n', '11X'), (%(p)s, 1, 'urn:b', '7')",
            {"p": patient},
        )
        connection.execute(
            "INSERT INTO fragments (id, message_id, patient_id, organization_id, position, kind, resource_type, base,"
            " received_at, resource) VALUES (uuidv7(), uuidv7(), %s, 1, 0, 'fhir', 'Patient', '/p', now(), %s)",
            (patient, f'{{"identifier": [{told}, {{"value": "8"}}]}}'),
        )
    migrate(empty)
    with psycopg.connect(empty) as connection:
        rows = connection.execute("SELECT system, type FROM patient_identifiers ORDER BY system").fetchall()
    assert rows == [("urn:a", "MR"), ("urn:b", None), ("urn:n", "NI")]

"""A database as migrated has no differences, whoever asks, and asking leaves nothing behind."""

import os

import pytest
from databases import engine_of
from sqlalchemy import text

from app_schema import drift, migrate
from app_schema.errors import ServerUnsuitable
from app_schema.models import metadata


def test_a_migrated_database_has_no_differences(place):
    connection, schema = place
    assert drift.differences(connection, metadata, schema) == []


def test_nothing_is_left_behind(migrated, odd):
    for engine, schema in ((migrated, "public"), (odd, 'odd "name')):
        with engine.connect() as connection:
            before = connection.execute(text("SELECT current_schema(), current_setting('search_path')")).one()
            connection.rollback()
            drift.differences(connection, metadata, schema)
            assert not connection.in_transaction()
            assert connection.execute(text("SELECT current_schema(), current_setting('search_path')")).one() == before
            assert connection.scalar(text("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'drift%'")) == 0
            assert connection.dialect.default_schema_name == schema


def test_an_open_transaction_goes_on(connection):
    connection.execute(text("CREATE TABLE alembic_version_2 (id int)"))
    assert drift.differences(connection, metadata, "public") != []
    assert connection.scalar(text("SELECT to_regclass('alembic_version_2') IS NOT NULL"))


def test_months_of_maintenance_are_expected_also_with_the_clock_elsewhere(place):
    connection, schema = place
    connection.execute(text("SET LOCAL timezone = 'America/New_York'"))
    connection.execute(text("SET LOCAL datestyle = 'German'"))
    connection.execute(text("SELECT ensure_partitions(14)"))
    assert drift.differences(connection, metadata, schema) == []


def test_another_owner_of_everything_is_no_difference(database, migrated):  # noqa: ARG001 (migrated: so that the roles exist)
    clerk = f"clerk_{os.getpid()}"
    with engine_of(database).connect() as connection:
        connection.execute(text(f"CREATE ROLE {clerk}"))
        connection.execute(text(f"ALTER DATABASE {database.database} OWNER TO {clerk}"))
        connection.commit()
        connection.execute(text(f"SET SESSION AUTHORIZATION {clerk}"))
        connection.commit()
        migrate.upgrade(connection)
        assert drift.differences(connection, metadata, "public") == []
        connection.rollback()
        connection.execute(text("RESET SESSION AUTHORIZATION"))
        assert drift.differences(connection, metadata, "public") == []


def test_without_the_right_to_make_a_schema_it_says_which_grant_is_missing(connection):
    connection.execute(text("CREATE ROLE clerk; SET LOCAL ROLE clerk"))
    with pytest.raises(ServerUnsuitable, match=r"GRANT CREATE ON DATABASE \w+ TO clerk$"):
        drift.differences(connection, metadata, "public")


def test_a_read_only_transaction_is_refused_by_name(migrated):
    with migrated.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        with pytest.raises(ServerUnsuitable, match="read-only"):
            drift.differences(connection, metadata, "public")


def test_what_belongs_to_an_extension_is_no_difference(connection):
    connection.execute(
        text("CREATE FUNCTION theirs() RETURNS int RETURN 1; CREATE TABLE their_table (id int); CREATE TYPE their_type AS (x int)")
    )
    for theirs in ("FUNCTION theirs()", "TABLE their_table", "TYPE their_type"):
        connection.execute(text(f"ALTER EXTENSION plpgsql ADD {theirs}"))
    assert drift.differences(connection, metadata, "public") == []

"""Who may do what, column by column, held against the committed matrix grants.csv.

After a deliberate change: python tests/schema/test_grants.py rewrites it; read the diff.
"""

import csv
import sys
from pathlib import Path

import pytest
from databases import administrator, engine_of, new_database
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app_schema import migrate
from app_schema.errors import AppSchemaError
from app_schema.ops.initialize import create_reporting_user

MATRIX = Path(__file__).with_name("grants.csv")
QUERY = text("""
    SELECT c.relname, a.attname,
           concat_ws(' ', CASE WHEN has_column_privilege('app_readwrite', c.oid, a.attnum, 'SELECT') THEN 'select' END,
                          CASE WHEN has_column_privilege('app_readwrite', c.oid, a.attnum, 'INSERT') THEN 'insert' END,
                          CASE WHEN has_column_privilege('app_readwrite', c.oid, a.attnum, 'UPDATE') THEN 'update' END,
                          CASE WHEN has_table_privilege('app_readwrite', c.oid, 'DELETE') THEN 'delete' END,
                          CASE WHEN has_table_privilege('app_readwrite', c.oid, 'TRUNCATE') THEN 'truncate' END) AS app_readwrite,
           concat_ws(' ', CASE WHEN has_column_privilege('app_readonly', c.oid, a.attnum, 'SELECT') THEN 'select' END,
                          CASE WHEN has_column_privilege('app_readonly', c.oid, a.attnum, 'INSERT') THEN 'insert' END,
                          CASE WHEN has_column_privilege('app_readonly', c.oid, a.attnum, 'UPDATE') THEN 'update' END,
                          CASE WHEN has_table_privilege('app_readonly', c.oid, 'DELETE') THEN 'delete' END) AS app_readonly
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
      AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname COLLATE "C", a.attnum
""")


def matrix(connection):
    return [list(map(str, row)) for row in connection.execute(QUERY)]


def test_grants_are_those_of_the_matrix(connection):
    with MATRIX.open(encoding="utf-8", newline="") as file:
        assert matrix(connection) == list(csv.reader(file))[1:]


def test_a_new_column_is_hidden_from_the_reader(connection):
    connection.execute(text("ALTER TABLE users ADD COLUMN nickname text"))
    row = next(row for row in matrix(connection) if row[:2] == ["users", "nickname"])
    assert row[3] == ""


def test_a_reporting_user_reads_one_schema_of_a_database(server, engine):
    name = f"reports_{engine.url.database}"
    with engine.connect() as connection:
        create_reporting_user(connection, name, schema="public")
        with pytest.raises(AppSchemaError, match="reads another schema"):
            create_reporting_user(connection, name, schema="tenant")
    with administrator(server) as connection:
        connection.execute(text(f"DROP ROLE {name}"))


@pytest.fixture
def reader(server, engine):
    """An engine that is signed in as a reporting user."""
    name = f"reports_{engine.url.database}"
    with engine.connect() as connection:
        password = create_reporting_user(connection, name, schema="public")
        assert create_reporting_user(connection, name, schema="public") is None  # again: nothing changes
    yield engine_of(engine.url.set(username=name, password=password))
    with administrator(server) as connection:
        connection.execute(text(f"DROP ROLE {name}"))


def test_canary_every_column_as_the_reporting_user(reader):
    """What the catalog says is what happens: try each column and view."""
    with MATRIX.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with reader.connect() as connection:
        for row in rows:
            select = text(f'SELECT "{row["column"]}" FROM {row["relation"]} LIMIT 1')
            if row["app_readonly"]:
                connection.execute(select)
            else:
                with pytest.raises(ProgrammingError, match="permission denied"), connection.begin_nested():
                    connection.execute(select)
    assert {row["column"] for row in rows if not row["app_readonly"]} >= {"password_hash", "token", "ip", "content", "key_ciphertext"}


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("INSERT INTO users (email, name) VALUES ('a@b', 'x')", "read-only transaction|permission denied"),
        ("SET TRANSACTION READ WRITE; DELETE FROM users", "permission denied"),
        ("SET TRANSACTION READ WRITE; CREATE TABLE mine ()", "permission denied"),
        ("SET TRANSACTION READ WRITE; SELECT cleanup_logs()", "permission denied|must be owner"),
    ],
)
def test_the_reporting_user_cannot_write(reader, statement, complaint):
    *first, last = statement.split("; ")
    with reader.connect() as connection:
        for one in first:
            connection.execute(text(one))
        with pytest.raises(DBAPIError, match=complaint):
            connection.execute(text(last))


def test_the_reporting_user_has_its_own_settings(reader):
    with reader.connect() as connection:
        settings = [
            connection.scalar(text(f"SHOW {name}")) for name in ("default_transaction_read_only", "statement_timeout", "search_path")
        ]
    assert settings == ["on", "5min", "public"]


if __name__ == "__main__":
    from app_schema.embedded import EmbeddedServer
    from app_schema.settings import Settings

    server = EmbeddedServer(Settings.from_env().home)
    server.start()
    with new_database(server.url("postgres")) as url:
        migrate.upgrade(engine_of(url))
        with engine_of(url).connect() as connection, MATRIX.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([["relation", "column", "app_readwrite", "app_readonly"], *matrix(connection)])
    sys.stdout.write(f"{MATRIX} written\n")

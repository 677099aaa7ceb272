"""Nothing of the original is in a masked copy, and what is made of it is worth developing on."""

import gzip
import re
import subprocess

import pytest
from databases import engine_of, new_database
from places import age_keys, made, passphrase, spare
from sqlalchemy import Column, MetaData, Table, Text, text
from sqlalchemy.orm import Session

from app_schema import migrate, seeding
from app_schema.backup import masked as module
from app_schema.backup import masks
from app_schema.backup.masked import masked
from app_schema.backup.programs import Programs, environment
from app_schema.engine import quoted
from app_schema.errors import DatabaseNotAtHead
from app_schema.models import User, metadata
from app_schema.models.mask import HMAC, Mask
from app_schema.restore.dump import restore
from app_schema.restore.source import Source
from app_schema.settings import Settings

PEOPLE = {
    "users": ("id", "email", "name", "phone", "password_hash"),
    "agents": ("id", "email", "name", "password_hash"),
    "sessions": ("token", "ip", "user_agent"),
    "agent_sessions": ("token", "ip"),
    "customer_sessions": ("id", "token", "display_name"),
    "messages": ("content", "translated_content"),
    "conversations": ("title", "system_prompt"),
    "documents": ("title", "storage_key", "sha256"),
    "api_keys": ("key_hash", "name"),
    "logs": ("message",),
    "mcp_connections": ("server_url",),
}
SHORTEST = 3  # characters; a message of two letters is in any text


@pytest.fixture(scope="module")
def story(app_schema_run):
    """A database with the story of the seeds, as its URL."""
    database = app_schema_run.create()
    with database.engine.begin() as connection:
        seeding.fill(connection)
        connection.execute(text("UPDATE messages SET content = content || ' ' || substr(id::text, 25)"))  # each one its own
        connection.execute(text("UPDATE users SET phone = '010-' || substr(id::text, 30, 4) || '-' || substr(id::text, 33)"))
    yield database.url
    app_schema_run.drop(database)


@pytest.fixture
def seeded(story, folder):
    """Settings that name it."""
    return Settings(DATABASE_URL=story, backup_dir=folder.path)


@pytest.fixture(scope="module")
def taken(story, tmp_path_factory):
    """A masked copy of it: the folder, and what was answered."""
    folder = made(tmp_path_factory.mktemp("masked"))
    return folder, masked(Settings(DATABASE_URL=story, backup_dir=folder.path), folder)


def test_nothing_of_the_original_is_in_the_file(seeded, taken):
    folder, copy = taken
    script = gzip.decompress((folder.path / copy.entry.parts[0].file).read_bytes()).decode()
    with engine_of(seeded.database_url).connect() as connection:
        for table, columns in PEOPLE.items():
            for column in columns:
                values = set(connection.scalars(text(f"SELECT DISTINCT {column}::text FROM {table} WHERE {column} IS NOT NULL")))
                values = {value for value in values if len(value) >= SHORTEST}
                found = [value for value in values if value in script]
                assert (table, column, found) == (table, column, [])
                assert values or (table, column) == ("conversations", "system_prompt"), f"{table}.{column} is not tested"
    assert copy.password not in script


def test_it_is_worth_developing_on(seeded, taken):
    folder, copy = taken
    with spare(seeded.database_url) as target:
        done = restore(seeded, Source.find(folder, copy.entry.id, "x"), target)
        assert done.differences == ()
        with engine_of(target).connect() as connection:
            migrate.check(connection)
            for sql in (
                "SELECT count(*) FROM messages JOIN users ON users.id = user_id",
                "SELECT count(*) FROM logs JOIN users ON users.id = user_id",
                "SELECT count(*) FROM agents JOIN users ON users.id = user_id WHERE users.email = agents.email",
                "SELECT count(*) FROM chat_rooms JOIN customer_sessions c ON c.id = customer_session_id",
                "SELECT sum(length(content)), sum(length(translated_content)) FROM messages",
                f"SELECT count(*) FROM messages WHERE octet_length(content) > {masks.WIDE} * length(content)",  # in Hangul as before
                "SELECT count(DISTINCT name) FROM users",
            ):
                with engine_of(seeded.database_url).connect() as original:
                    assert connection.execute(text(sql)).all() == original.execute(text(sql)).all(), sql
        with Session(engine_of(target)) as session:
            holder = session.query(User).filter(User.password_hash.is_not(None)).first()
            assert holder.verify_password(copy.password)


def test_psql_alone_restores_it(seeded, taken):
    folder, copy = taken
    script = gzip.decompress((folder.path / copy.entry.parts[0].file).read_bytes())
    with new_database(seeded.database_url) as target:
        psql = Programs.find(17).command("psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet", "--file=-")
        done = subprocess.run(psql, input=script, env=environment(target), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        with engine_of(target).connect() as connection:
            migrate.check(connection)


@pytest.mark.parametrize("sealed", ["age", "gpg"])
def test_it_comes_back_from_under_a_key(seeded, folder, sealed):
    keys = age_keys(folder) if sealed == "age" else {"backup_passphrase_file": passphrase(folder)}
    settings = seeded.model_copy(update=keys)
    copy = masked(settings, folder)
    assert copy.entry.encryption == sealed
    with spare(seeded.database_url) as target:
        done = restore(settings, Source.find(folder, copy.entry.id, "x"), target)
        assert done.differences == ()
        assert "rows were counted and not compared" in done.notes[0]


def test_two_exports_share_nothing(seeded, folder, taken):
    copies = [(folder, masked(seeded, folder)), taken]
    first, second = (gzip.decompress((place.path / copy.entry.parts[0].file).read_bytes()) for place, copy in copies)
    addresses = [set(re.findall(rb"user-[0-9a-f]{16}@example\.com", script)) for script in (first, second)]
    assert addresses[0]
    assert not addresses[0] & addresses[1]


def test_in_a_schema_of_an_odd_name(settings, folder, database):
    schema = 'odd "name'
    with engine_of(database, schema).connect() as connection:
        migrate.upgrade(connection, schema=schema)
    odd = settings.model_copy(update={"database_url": database, "schema_name": schema})
    copy = masked(odd, folder)
    with spare(database) as target:
        assert restore(odd, Source.find(folder, copy.entry.id, "x"), target).differences == ()
        with engine_of(target).connect() as connection:
            migrate.check(connection, schema=schema)


def test_an_unclassified_column_is_an_error():
    table = Table("t", MetaData(), Column("secret", Text), Column("id", Text, info=HMAC))
    assert masks.unclassified([table]) == ["t.secret"]
    with pytest.raises(masks.Unclassified, match=r"column t.secret declares no mask: add info=KEEP, HMAC"):
        masks.select(table)


@pytest.mark.writes
def test_a_column_that_only_the_database_has_is_an_error(settings, folder, filled):
    with engine_of(filled).begin() as connection:
        connection.execute(text("ALTER TABLE users ADD COLUMN nickname text"))
    with pytest.raises(masks.Unclassified, match=r"not in the models, so nothing says how to mask them: users.nickname"):
        masked(settings, folder)
    assert not list(folder.path.glob("*.json"))


@pytest.mark.writes
def test_a_table_that_only_the_database_has_stays_out(settings, folder, filled):
    with engine_of(filled).begin() as connection:
        connection.execute(text("CREATE TABLE payroll AS SELECT 'c4nary' AS name"))
    entry = masked(settings, folder).entry
    assert entry.left_out == ("table payroll: not in the models, so nothing says how to mask it",)
    assert b"c4nary" not in gzip.decompress((folder.path / entry.parts[0].file).read_bytes())


def test_a_schema_that_is_not_at_head(settings, folder, database):
    with pytest.raises(DatabaseNotAtHead, match="run: app-schema db upgrade"):
        masked(settings.model_copy(update={"database_url": database}), folder)


def test_the_data_of_every_table_is_masked_by_its_columns_alone():
    """No table slips by: what the script copies is what the models have."""
    script = module._rows("public", "0-0-1")
    for table in metadata.tables.values():
        assert f'FROM "public".{quoted(table.name)}) TO STDOUT' in script
        assert any(column.info["mask"] is not Mask.KEEP for column in table.columns) or table.name == "guardrails"

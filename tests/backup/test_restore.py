"""Restores: beside, compared, then in place; interrupted, the target is as it was."""

import pytest
from databases import administrator, engine_of
from places import HALF_MADE, changed, databases, drop, kill_at_random, left_over, one, run, spare
from sqlalchemy import text

from app_schema.backup import proof
from app_schema.backup.dump import dump
from app_schema.backup.entry import Entry
from app_schema.errors import RestoreDiffers, RestoreError
from app_schema.restore import archive
from app_schema.restore.dump import look, restore
from app_schema.restore.one_table import restore_table
from app_schema.restore.place import MARK
from app_schema.restore.source import Source


@pytest.fixture
def cleaned(filled):
    """Whatever a replacement has kept is dropped."""
    yield
    drop(filled, *databases(filled, f"{filled.database}_before_"))


def test_a_target_that_exists(settings, source, filled):
    with pytest.raises(RestoreError, match="exists: give --to NAME for a new one, or --replace"):
        restore(settings, source, filled)
    assert one(filled, "SELECT count(*) FROM messages") == 200


@pytest.mark.parametrize("name", ["postgres", "template1"])
@pytest.mark.parametrize("replace_it", [True, False])
def test_what_the_server_itself_needs_is_never_replaced(name, replace_it, settings, source, filled):
    with pytest.raises(
        RestoreError, match=f"^database {name} is the server's own, which nothing replaces: give --to NAME with another name$"
    ):
        restore(settings, source, filled.set(database=name), replace_it=replace_it)


@pytest.mark.writes
def test_replaced_with_its_grants_and_settings(settings, source, filled):
    name, role = filled.database, f"reader_{filled.database}"
    run(filled, f"CREATE ROLE {role} LOGIN", "DELETE FROM messages")
    with administrator(filled) as connection:
        for statement in (
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {name} TO {role} WITH GRANT OPTION",
            f"ALTER DATABASE {name} SET work_mem = '7MB'",
            f'ALTER DATABASE {name} SET search_path = public, "odd name"',
            f"ALTER ROLE {role} IN DATABASE {name} SET statement_timeout = '5min'",
            f"ALTER DATABASE {name} CONNECTION LIMIT 77",
            f"COMMENT ON DATABASE {name} IS 'ours'",
        ):
            connection.execute(text(statement))
        before = facts(connection, name)
    busy = engine_of(filled).connect()
    busy.execute(text("SELECT 1"))
    try:
        done = restore(settings, source, filled, replace_it=True)
        assert done.differences == ()
        assert one(filled, "SELECT count(*) FROM messages") == 200
        assert one(filled.set(database=done.old), "SELECT count(*) FROM messages") == 0
        with administrator(filled) as connection:
            assert facts(connection, name) == before
            assert facts(connection, done.old) == before
    finally:
        busy.invalidate()
        drop(filled, name, *databases(filled, f"{name}_before_"))
        with administrator(filled) as connection:
            connection.execute(text(f"DROP ROLE {role}"))
            connection.execute(text(f"CREATE DATABASE {name}"))  # the fixture drops it


def facts(connection, name):
    sql = """
        SELECT datacl::text, datconnlimit, datdba, shobj_description(d.oid, 'pg_database'), datcollate, encoding,
            (SELECT array_agg(setrole::text || setconfig::text ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid)
        FROM pg_database d WHERE datname = :name
    """
    row = list(connection.execute(text(sql), {"name": name}).one())
    return [sorted(row[0].strip("{}").split(",")), *row[1:]]


def test_nothing_is_replaced_by_what_differs(settings, source, filled):
    with pytest.raises(RestoreDiffers, match=r"was not replaced, .* table public.messages: 201 rows were taken, 200 are there"):
        restore(settings, changed(source), filled, replace_it=True)
    assert one(filled, "SELECT count(*) FROM messages") == 200
    assert databases(filled, f"{filled.database}_before_") == set()


def test_a_new_database_that_differs_is_kept_and_said(settings, source, filled):
    with spare(filled) as target:
        done = restore(settings, changed(source), target)
        assert done.differences == ("table public.messages: 201 rows were taken, 200 are there",)
        assert one(target, "SELECT count(*) FROM messages") == 200


@pytest.mark.writes
def test_values_that_differ_are_noticed_whatever_their_number(source, filled):
    run(filled, "UPDATE messages SET content = content || '.' WHERE id = (SELECT max(id::text)::uuid FROM messages)")
    taken, found = source.database.proof, look(filled, catalog=True)
    assert proof.compare(taken, found) == ("table public.messages: 200 rows, and their values differ",)
    assert proof.compare_definitions(taken, found, (17, 17)) == ({}, ())
    run(
        filled, "DROP INDEX idx_messages_parent", "ALTER INDEX idx_users_status SET (fillfactor = 70)", "COMMENT ON TABLE users IS 'theirs'"
    )
    assert proof.compare_definitions(taken, look(filled, catalog=True), (17, 17)).differing == {
        ("public", "index"): "schema public: the definitions of kind index differ, and so do the names",
        ("public", "table"): "schema public: the definitions of kind table differ",
    }


@pytest.mark.usefixtures("cleaned")
@pytest.mark.writes
def test_killed_at_random_moments_the_target_is_whole(settings, source, folder, filled):
    """The old one or the new one, never something in between; what was half made goes with the next restore."""
    work = "restore(settings, Source.find(folder, 'latest', str(url.database)), url, replace_it=True)"
    assert kill_at_random(work, filled, folder, 6) == 6
    kept = databases(filled, f"{filled.database}_before_")
    for name in (filled.database, *kept):
        assert one(filled.set(database=name), "SELECT count(*) FROM messages") == 200
        assert one(filled.set(database=name), "SELECT count(*) FROM pg_indexes WHERE indexname = 'idx_messages_parent'") == 1
    with spare(filled) as target:
        assert restore(settings, source, target).differences == ()
    assert left_over(filled) == set()


def test_a_database_of_ours_that_is_in_use_is_not_swept(settings, source, filled):
    name = f"{HALF_MADE}0123456789ab"
    lock = text("SELECT pg_advisory_lock(hashtextextended('app_schema.restore:' || :name, 0))")
    with administrator(filled) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        connection.execute(text(f"COMMENT ON DATABASE {name} IS '{MARK}'"))
        connection.execute(lock, {"name": name})
        with spare(filled) as target:
            restore(settings, source, target)
        assert databases(filled, name) == {name}
    with spare(filled) as target:
        restore(settings, source, target)
    assert databases(filled, name) == set()


def test_somebody_elses_database_is_never_swept(settings, source, filled):
    name = f"{HALF_MADE}fedcba987654"
    with administrator(filled) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        connection.execute(text(f"COMMENT ON DATABASE {name} IS 'mine'"))
    with spare(filled) as target:
        restore(settings, source, target)
    assert databases(filled, name) == {name}
    drop(filled, name)


def test_a_server_that_lacks_the_roles(settings, source, filled):
    facts = source.entry.model_dump(mode="json")
    facts["parts"][0]["database"]["roles"].append("nobody of this name")
    entry = Entry.model_validate(facts)
    with pytest.raises(RestoreError, match='create them first: CREATE ROLE "nobody of this name" NOLOGIN;'):
        restore(settings, Source(source.folder, source.path, entry, entry.parts[0]), filled.set(database="never_made"))


def test_a_dump_of_a_newer_major_version(settings, source, filled):
    entry = source.entry.model_copy(update={"server_version": "99.1"})
    with pytest.raises(RestoreError, match="the backup is of PostgreSQL 99 and this server is 17: restore it into 99 or newer"):
        restore(settings, Source(source.folder, source.path, entry, source.part), filled.set(database="never_made"))


def test_what_pg_restore_could_not_restore_is_named():
    """Its workers write at the same time, and a statement may hold a row."""
    said = (
        'pg_restore: pg_restore: error: error: could not execute query: ERROR:  relation "public.a" does not exist\n'
        "LINE 8:    FROM public.a\nCommand was: CREATE VIEW public.seen AS\n SELECT 1;\n\n"
        'could not execute query: ERROR:  insert or update on table "b" violates foreign key constraint "fk_b"\n'
        'DETAIL:  Key (email)=(c4nary@example.kr) is not present in table "c".\n'
        "Command was: ALTER TABLE ONLY public.b\n    ADD CONSTRAINT fk_b FOREIGN KEY (email) REFERENCES public.c(email);\n\n"
        'pg_restore: error: could not execute query: ERROR:  relation "public.d" does not exist\n'
        'Command was: CREATE VIEW public."also seen" AS\n'
        'pg_restore: error: could not execute query: ERROR:  invalid input syntax for type uuid: "c4nary"\n'
        "Command was: INSERT INTO public.users VALUES ('c4nary');\n\n"
        'pg_restore: error: COPY failed for table "users": ERROR:  invalid input syntax for type uuid: "c4nary"\n'
        "pg_restore: warning: errors ignored on restore: 5\n"
    )
    found = archive.failures(said)
    assert archive.folded(found) == [
        'CREATE VIEW (2): public.seen, public."also seen": relation "public.a" does not exist, and the like',
        'ALTER TABLE ONLY public.b ADD CONSTRAINT fk_b: insert or update on table "b" violates foreign key constraint "fk_b"',
        "INSERT INTO public.users: invalid input syntax for type uuid",
        'COPY failed for table "users": ERROR:  invalid input syntax for type uuid',
    ]


@pytest.mark.writes
def test_one_table_comes_back_where_it_was(settings, source, filled):
    definition = "SELECT array_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE tablename = 'sessions'"
    keys = "SELECT array_agg(pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint WHERE conrelid = 'sessions'::regclass"
    grants = "SELECT array_agg(attacl::text ORDER BY attname) FROM pg_attribute WHERE attrelid = 'sessions'::regclass"
    before = [one(filled, sql) for sql in (definition, keys, grants)]
    with pytest.raises(RestoreError, match=r"or move it away first, indexes and all: CREATE SCHEMA moved_away; ALTER TABLE .* SET SCHEMA"):
        restore_table(settings, source, filled, "sessions")
    run(filled, "DROP TABLE sessions CASCADE")
    done = restore_table(settings, source, filled, "sessions")
    assert (done.rows, done.differences, done.missing) == (1, (), ())
    assert done.notes == ("put back as in the backup: VIEW public active_sessions, ACL public TABLE active_sessions",)
    assert [one(filled, sql) for sql in (definition, keys, grants)] == before


@pytest.mark.writes
def test_a_partitioned_table_comes_back_with_its_months(settings, source, filled):
    partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'logs'::regclass"
    before = one(filled, partitions)
    run(filled, "DROP TABLE logs CASCADE")
    assert restore_table(settings, source, filled, "logs").differences == ()
    assert one(filled, partitions) == before
    assert one(filled, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'logs'::regclass AND NOT tgisinternal") == 1


@pytest.mark.writes
def test_rows_are_worth_more_than_a_key_that_cannot_hold(settings, source, filled):
    run(filled, "DROP TABLE sessions CASCADE", "DELETE FROM users WHERE id NOT IN (SELECT user_id FROM conversations)")
    done = restore_table(settings, source, filled, "sessions")
    assert done.rows == 1
    [missing] = done.missing
    assert "it holds for new rows only" in missing.reason
    assert missing.statement == "ALTER TABLE public.sessions VALIDATE CONSTRAINT fk_sessions_user_id;"


def test_one_table_beside(settings, source, filled):
    with spare(filled) as target:
        done = restore_table(settings, source, target, "messages")
        assert (done.rows, done.differences) == (200, ())
        assert one(target, "SELECT count(*) FROM users") == 0
        indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = 'messages'"
        assert one(target, indexes) == one(filled, indexes)


def test_a_table_that_the_backup_lacks(settings, source, filled):
    with pytest.raises(RestoreError, match=r"the backup holds no table nonsense; it has public.agent_sessions, "):
        restore_table(settings, source, filled, "nonsense")


def test_a_database_of_any_schema(folder, settings, database):
    """Odd names, inheritance, identity, a table without columns, no schema of ours."""
    run(
        database,
        'CREATE SCHEMA "odd ""schema"',
        'CREATE TABLE "odd ""schema"."odd "" table" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "a row" float)',
        'INSERT INTO "odd ""schema"."odd "" table" ("a row") SELECT random() FROM generate_series(1, 50)',
        "CREATE TABLE parent (id int); CREATE TABLE child (more bytea) INHERITS (parent); INSERT INTO child VALUES (1, '\\x00ff')",
        "CREATE TABLE empty (); INSERT INTO empty DEFAULT VALUES",
        "CREATE MATERIALIZED VIEW seen AS SELECT * FROM child; CREATE EXTENSION IF NOT EXISTS pgcrypto",
    )
    other = settings.model_copy(update={"database_url": database})
    entry = dump(other, folder)
    tables = entry.parts[0].database.proof.tables
    assert {name: table.rows for name, table in tables.items()} == {
        'odd "schema.odd " table': 50,
        "public.parent": 0,
        "public.child": 1,
        "public.empty": 1,
    }
    with spare(database) as target:
        assert restore(other, Source.find(folder, entry.id, "x"), target).differences == ()

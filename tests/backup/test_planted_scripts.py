"""Whoever may write to the backups writes a script, or roles: nothing of it runs a program here or makes a superuser."""

import gzip
import json
import subprocess
from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import pytest
from databases import administrator, new_database
from places import one, run, spare
from sqlalchemy import text

from app_schema.backup import names
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.holding import Part
from app_schema.backup.programs import Programs, environment
from app_schema.backup.snapshot import ROLES
from app_schema.errors import BackupDamaged, RestoreError
from app_schema.restore import roles, script
from app_schema.restore.drill import drill
from app_schema.restore.dump import look, restore
from app_schema.restore.source import Source
from app_schema.restore.statements import Statements

HEAD, END = "-- PostgreSQL database dump\n", "\n-- PostgreSQL database dump complete\n"


@pytest.fixture
def ran(tmp_path):
    """A file that is there once the planted program has run."""
    return tmp_path / "ran"


@pytest.fixture
def restorable(settings, folder, filled):
    """What a restore takes beside its source."""
    return settings, folder, filled


def planted(body, key="k"):
    """A script with a meta-command, in and out of the restriction of its own key."""
    return f"{HEAD}\n\\restrict {key}\n\nCREATE TABLE t (x text);\n{body}\n\\unrestrict {key}\n{END}"


ATTACKS = {
    "plain": "\\! touch {ran}",
    "after its own key": "\\unrestrict k\n\\! touch {ran}",
    "a key twice": "\\restrict k\n\\unrestrict k\n\\! touch {ran}",
    "after a semicolon": "SELECT 1; \\! touch {ran}",
    "the output": "\\o |touch {ran}",
    "a query to a program": "SELECT 1 \\g |touch {ran}",
    "a copy": "\\copy t FROM PROGRAM 'touch {ran}'",
    "a value of a program": "\\set x `touch {ran}`",
    "after rows": "COPY t FROM stdin;\na\n\\.\n\\! touch {ran}",
    "far below": "SELECT '" + "x" * 5000 + "';\n\\unrestrict k\n\\! touch {ran}",
    "a key of a program": "\\unrestrict `touch {ran}`",
    "within a statement": "SELECT 1 \\unrestrict `touch {ran}`",
    "after rows that are none": "/*\nCOPY t FROM stdin;\n*/\n\\unrestrict `touch {ran}`",
    "after a carriage return": "SELECT 1;\r\n\\unrestrict\t`touch {ran}`\r",
    "in two lines": "\\unr\0junk\nestrict `touch {ran}`",
    "in another encoding": "SET client_encoding = 'SJIS';\nSELECT '\u00e3\\' \\unrestrict `touch {ran}`",
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_script_runs_no_program(attack, packed, ran, restorable, tmp_path):
    content = planted(ATTACKS[attack].format(ran=ran)).encode()
    path = tmp_path / ("planted.sql.gz" if packed else "planted.sql")
    path.write_bytes(gzip.compress(content) if packed else content)
    settings, folder, filled = restorable
    with (
        spare(filled) as target,
        pytest.raises(RestoreError, match=r"planted\.sql.*(meta-command of psql|a NUL|statement failed: syntax error)"),
    ):
        restore(settings, Source.find(folder, str(path), "x"), target)
    assert not ran.exists()


def test_a_script_with_a_key_of_its_own_is_restored(settings, folder, filled, tmp_path):
    """As pg_dump writes it since August 2025; rows that look like the two lines are rows."""
    rows = "COPY t FROM stdin;\n\\restrict k\n\\unrestrict other\n\\.\n"
    path = tmp_path / "dump.sql"
    path.write_text(planted(rows))
    with spare(filled) as target:
        restore(settings, Source.find(folder, str(path), "x"), target)
        assert one(target, "SELECT array_agg(x ORDER BY x) FROM t") == ["\restrict k", "unrestrict other"]


ATOMIC = "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;"
PROCEDURE = "create or replace procedure f()\nbegin atomic\nselect 1;\nend;"
ARGUMENTS = 'CREATE FUNCTION f(begin date, "end" date) RETURNS TABLE(begin int) LANGUAGE sql AS $$ SELECT 1; $$'
SPLIT = [
    ("SELECT 1; SELECT 2;\n", ["SELECT 1;", "SELECT 2;"]),
    ("SELECT ';', E'\\';', \"a;b\", $$;$$, $x$ $$ ; $x$;\nSELECT 2", ["SELECT ';', E'\\';', \"a;b\", $$;$$, $x$ $$ ; $x$;", "SELECT 2"]),
    ("SELECT 'it''s;' -- ;\n, /* ; /* ; */ ; */ 1;\n", ["SELECT 'it''s;' -- ;\n, /* ; /* ; */ ; */ 1;"]),
    ("-- a;\n\n--\nSELECT a$b$c;\n", ["SELECT a$b$c;"]),
    ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);", ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);"]),
    (
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;X;",
        ["CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;", "X;"],
    ),
    (
        "create or replace procedure f()\nbegin atomic\nselect 1;\nend;\nX;",
        ["create or replace procedure f()\nbegin atomic\nselect 1;\nend;", "X;"],
    ),
    ("BEGIN; SELECT 'a\nb;\nc';", ["BEGIN;", "SELECT 'a\nb;\nc';"]),
    ("SELECT E'\\\\'; SELECT E'a\\\n;';", ["SELECT E'\\\\';", "SELECT E'a\\\n;';"]),
    ("\ufeffSELECT 1;\n5;\n", ["SELECT 1;", "5;"]),
    ("\\restrict abc\nSELECT 1;\n\\unrestrict abc\n", ["SELECT 1;"]),
    (f"{ARGUMENTS};X;", [f"{ARGUMENTS};", "X;"]),
    ("SELECT 1;\n)\n", ["SELECT 1;", ")"]),
    ("SELECT $1, a-1, 2/1, '$$';", ["SELECT $1, a-1, 2/1, '$$';"]),
    ("SELECT '데이터;베이스', $한글$;$한글$;", ["SELECT '데이터;베이스', $한글$;$한글$;"]),
]


@pytest.mark.parametrize(("text", "expected"), SPLIT, ids=[str(number) for number in range(len(SPLIT))])
def test_where_statements_end(text, expected):
    """As in psql."""
    assert [statement.decode().strip() for statement in Statements(BytesIO(text.encode()))] == expected


def test_every_statement_of_a_dump(filled, packed_script):
    """What psql makes of it is what we make of it."""
    with new_database(filled) as ours, new_database(filled) as theirs:
        assert script.restore(ours, packed_script, "x") is None
        command = Programs.find(17).command("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={packed_script}")
        subprocess.run(command, env=environment(theirs), check=True, capture_output=True)
        found = [look(url, catalog=True) for url in (ours, theirs)]
    assert found[0] == found[1]
    assert sum(table.rows for table in found[0].tables.values()) > 200


@pytest.fixture
def packed_script(filled, tmp_path):
    """A script of pg_dump with what is hard to split in it."""
    path = tmp_path / "dump.sql"
    with new_database(filled, template=filled.database) as url:
        run(
            url,
            "CREATE FUNCTION two() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END",
            "CREATE TABLE odd (\"a;b\" text DEFAULT ';''\\;', c bytea)",
            "INSERT INTO odd VALUES (E'\\\\.\\n\\\\unrestrict k\\t;', '\\x00ff'), ('$$;', NULL)",
            "CREATE RULE r AS ON DELETE TO odd DO ALSO (SELECT 1; SELECT ';')",
            "SELECT lo_from_bytea(77, 'a;b')",
            "CREATE FUNCTION overlap(begin date) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$",
            "COMMENT ON TABLE odd IS 'a;\nCOPY odd FROM stdin;\n\\! touch x'",
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $x$ SELECT '\nCOPY odd FROM stdin;\n$$;' $x$",
        )
        command = Programs.find(17).command("pg_dump", "--format=plain", "--no-owner", "--no-acl")
        path.write_bytes(subprocess.run(command, env=environment(url), capture_output=True, check=True).stdout)
    return path


@pytest.mark.parametrize("control", ["COMMIT WORK", "commit and chain", "/* x */ ROLLBACK", "END", "PREPARE TRANSACTION 'x'"])
def test_a_script_does_not_end_its_transaction(control, filled, tmp_path):
    path = tmp_path / "control.sql"
    path.write_text(f"{HEAD}CREATE TABLE t ();\n{control};\nSELECT 1 / 0;\n{END}")
    with new_database(filled) as target:
        with pytest.raises(RestoreError, match="and a script of pg_dump runs in one transaction; nothing of it stays"):
            script.restore(target, path, "control.sql")
        assert one(target, "SELECT to_regclass('t')") is None


@pytest.mark.parametrize("kind", ["dump", "snapshot"])
def test_a_script_in_the_place_of_an_archive(kind, ran, source, restorable):
    """With an entry that fits it; it is fetched as written."""
    settings, folder, filled = restorable
    content = planted(f"\\! touch {ran}").encode()
    entry_id = f"20260101T000000Z-{kind}-0000"
    part = source.part.model_copy(update={"file": f"{entry_id}.dump", "bytes": len(content), "sha256": sha256(content).hexdigest()})
    (folder.path / part.file).write_bytes(content)
    entry = source.entry.model_copy(update={"id": entry_id, "kind": Kind(kind), "parts": (part,)})
    (folder.path / f"{entry_id}.json").write_bytes(entry.sealed())
    forged = Source.find(folder, entry_id, filled.database)
    with spare(filled) as target, pytest.raises(BackupDamaged, match=f"is no archive of pg_dump, as every {kind} of ours is"):
        restore(settings, forged, target)
    assert "is no archive of pg_dump" in drill(settings, forged, filled).drill.error
    assert not ran.exists()


PLAIN = "NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS"
EVERYTHING = PLAIN.replace("NO", "")
SCRAM = f"SCRAM-SHA-256$4096:{'c2FsdHNhbHRzYWx0c2FsdA=='}${'A' * 43}=:{'B' * 42}A="


@pytest.fixture
def snapshot_of(source, folder, role):
    """Make a snapshot with this text for its roles, whose database has the role."""

    def make(lines):
        entry_id = "20260101T000000Z-snapshot-0000"
        content = lines.encode()
        (folder.path / f"{entry_id}{ROLES}").write_bytes(content)
        of_roles = Part(file=f"{entry_id}{ROLES}", bytes=len(content), sha256=sha256(content).hexdigest())
        database = source.database.model_copy(update={"roles": (role,)})
        part = source.part.model_copy(update={"file": f"{entry_id}.1.dump", "database": database})
        (folder.path / part.file).write_bytes(source.path.read_bytes())
        entry = source.entry.model_copy(update={"id": entry_id, "kind": Kind.SNAPSHOT, "parts": (of_roles, part)})
        (folder.path / f"{entry_id}.json").write_bytes(entry.sealed())
        return Source.find(folder, entry_id, database.name)

    return make


@pytest.fixture
def role(filled):
    """A name that no role has, and that others on this server do not use; ``attacker`` is another beginning with it."""
    name = f"planted_{filled.database}"
    yield name
    run(filled.set(database="postgres"), *(f"DROP ROLE IF EXISTS {each}" for each in (name, f"{name}_attacker")))


@pytest.fixture
def made(filled, role):
    """Say which of both are there."""
    return lambda: one(filled, f"SELECT array_agg(rolname::text ORDER BY 1) FROM pg_roles WHERE starts_with(rolname, '{role}')") or []


HOSTILE = [
    "ALTER ROLE {role} WITH LOGIN; CREATE ROLE {role}_attacker SUPERUSER;",
    "ALTER ROLE {role} WITH LOGIN PASSWORD 'x'; CREATE ROLE {role}_attacker SUPERUSER PASSWORD 'x';",
    "ALTER ROLE {role} WITH LOGIN IN ROLE pg_execute_server_program;",
    "ALTER ROLE {role} WITH LOGIN ADMIN postgres;",
    "ALTER ROLE {role} WITH LOGIN VALID UNTIL 'x'' SUPERUSER';",
    "ALTER ROLE {role} WITH LOGIN",
]


@pytest.mark.parametrize("line", HOSTILE)
def test_roles_are_not_run_as_they_stand(line, snapshot_of, role, made, restorable):
    settings, _, filled = restorable
    snapshot = snapshot_of(f"CREATE ROLE {role};\n{line.format(role=role)}\n")
    with spare(filled) as target, pytest.raises(BackupDamaged, match=f"describes role '{role}' otherwise than pg_dumpall does"):
        restore(settings, snapshot, target)
    assert made() == []


def test_nobody_becomes_a_superuser_unasked(snapshot_of, role, made, restorable):
    settings, _, filled = restorable
    lines = [
        f"CREATE ROLE {role}_attacker;",
        f"ALTER ROLE {role}_attacker WITH SUPERUSER LOGIN;",
        f"CREATE ROLE {role};",
        f"ALTER ROLE {role} WITH {EVERYTHING} CONNECTION LIMIT 7 PASSWORD '{SCRAM}' VALID UNTIL '2030-01-01 00:00:00+00';",
        f"GRANT pg_execute_server_program TO {role};",
        "ALTER ROLE postgres WITH PASSWORD 'x';",
    ]
    with spare(filled) as target:
        done = restore(settings, snapshot_of("\n".join(lines)), target)
    assert made() == [role]
    said = f'role {role} was made without SUPERUSER, CREATEROLE, REPLICATION, BYPASSRLS: ALTER ROLE "{role}" SUPERUSER'
    assert any(note.startswith(said) for note in done.notes)
    with administrator(filled) as connection:
        [found] = connection.execute(text("SELECT * FROM pg_authid WHERE rolname = :role"), {"role": role}).mappings()
        assert connection.scalar(text("SELECT count(*) FROM pg_auth_members WHERE member = :oid"), {"oid": found["oid"]}) == 0
    assert not any(found[f"rol{withheld}"] for withheld in ("super", "createrole", "replication", "bypassrls"))
    assert all(found[f"rol{given}"] for given in ("canlogin", "createdb", "inherit"))
    assert (found["rolconnlimit"], found["rolpassword"], str(found["rolvaliduntil"])[:10]) == (7, SCRAM, "2030-01-01")


def test_a_drill_makes_no_roles(snapshot_of, role, made, restorable):
    settings, _, filled = restorable
    with pytest.raises(RestoreError, match=f'create them first: CREATE ROLE "{role}" NOLOGIN;'):
        drill(settings, snapshot_of(f"CREATE ROLE {role};\nALTER ROLE {role} WITH {PLAIN};\n"), filled)
    assert made() == []


@pytest.mark.parametrize("hash_", [SCRAM, f"md5{'0' * 32}"])
def test_what_pg_dumpall_writes_is_read(hash_):
    options, withheld = roles._options("x", "a", f" {PLAIN} PASSWORD '{hash_}';")
    assert (options, withheld) == (f" INHERIT NOCREATEDB LOGIN PASSWORD '{hash_}'", [])


LOCALES = [
    {"ENCODING": "UTF8", "LC_COLLATE = 'C'; DROP DATABASE x; --": "C"},
    {"ENCODING": "UTF8", "OWNER": "postgres"},
    {"ENCODING": "UTF8", "LOCALE_PROVIDER": "libc TABLESPACE x"},
]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_clauses_of_a_locale_are_known(locale, source, folder):
    entry = replace(source).entry
    database = source.database.model_copy(update={"locale": locale})
    forged = entry.model_copy(update={"parts": (source.part.model_copy(update={"database": database}),)})
    (folder.path / f"{entry.id}.json").write_bytes(forged.sealed())
    assert Catalogue(folder).read()[0] == []


def test_a_locale_without_an_encoding(settings, source, filled):
    database = source.database.model_copy(update={"locale": {}})
    strange = replace(source, part=source.part.model_copy(update={"database": database}))
    with spare(filled) as target:
        assert restore(settings, strange, target).differences == ()


def test_the_other_text_of_an_entry_is_quoted(source, role, made, restorable):
    """Names, roles and the search_path reach SQL as names and values."""
    hostile = f'"x\'; CREATE ROLE {role}_attacker SUPERUSER; --"'
    facts = json.loads(source.entry.sealed())
    del facts["seal"]
    [part] = facts["parts"]
    part["database"] |= {"search_path": hostile, "revision": hostile}
    table = next(iter(part["database"]["proof"]["tables"].values()))
    table["columns"] = [hostile]
    entry = Entry.model_validate(facts)
    names.check(entry, entry.id)
    forged = replace(source, entry=entry, part=entry.parts[0])
    settings, _, filled = restorable
    with spare(filled) as target:
        restore(settings, forged, target)
    assert drill(settings, forged, filled).drill.error is None
    assert made() == []

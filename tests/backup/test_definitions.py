"""Rows equal, definitions not: a restore says which, keeps what it made, and goes on when it is told to."""

import re

import pytest
from click.testing import CliRunner
from databases import engine_of
from places import changed, databases, drop, left_over, one, run, spare
from sqlalchemy import text

from app_schema.backup import proof
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.entry import Entry
from app_schema.backup.masked import masked
from app_schema.cli import main
from app_schema.errors import ProgramMissing, RestoreDiffers, RestoreError
from app_schema.restore.drill import drill
from app_schema.restore.dump import restore
from app_schema.restore.source import Source

OTHER = "0" * 16


@pytest.fixture
def cleaned(filled):
    yield
    drop(filled, *databases(filled, f"{filled.database}_before_"), *databases(filled, f"{filled.database}_restored"))


def told(source, kinds, *, names=(), older=None, server_version=None):
    """The same backup, whose catalogue says other digests of some kinds, of definitions and perhaps of names.

    ``older`` are the definitions of an earlier version of the fingerprint.
    """
    facts = source.entry.model_dump(mode="json")
    facts_of = facts["parts"][0]["database"]["proof"]
    if older:
        facts_of |= {"catalog": older, "names": {}, "fingerprint": 1}
    else:
        facts_of["names"]["public"] |= dict.fromkeys(names, OTHER)
    facts_of["catalog"]["public"] |= dict.fromkeys(kinds, OTHER)
    facts["server_version"] = server_version or facts["server_version"]
    entry = Entry.model_validate(facts)
    (source.folder.path / f"{entry.id}.json").write_bytes(entry.sealed())
    return Source.find(source.folder, entry.id, "x")


@pytest.mark.usefixtures("cleaned")
@pytest.mark.writes
def test_a_replacement_names_what_differs_keeps_the_result_and_goes_on_when_told(source, folder, filled):
    run(filled, "DROP INDEX idx_messages_parent", "CREATE INDEX mine ON users (name)", "ALTER INDEX idx_users_status SET (fillfactor = 70)")
    source = told(source, ["index"])
    environment = {"DATABASE_URL": filled.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(folder.path)}
    refused = CliRunner().invoke(main, ["restore", "dump", source.name, "--replace"], env=environment)
    assert refused.exit_code == 3, refused.output
    for part in (
        f"database {filled.database} was not replaced: rows do not differ from what was taken, and definitions do:",
        "schema public: the definitions of kind index differ;",
        f"schema public: index idx_messages_parent was restored and is not in {filled.database} now;",
        f"schema public: index mine is in {filled.database} now and was not restored;",
        f"schema public: index idx_users_status is not as in {filled.database} now: has USING btree (status) WHERE",
        " instead of USING btree (status) WITH (fillfactor='70') WHERE",
        "give the same command with --accept-definitions",
    ):
        assert part in refused.stderr, refused.stderr
    [kept] = databases(filled, f"{filled.database}_restored_")
    assert f'DROP DATABASE "{kept}"' in refused.stderr
    assert one(filled.set(database=kept), "SELECT count(*) FROM messages") == 200
    assert one(filled, "SELECT to_regclass('mine') IS NOT NULL")
    assert Catalogue(folder).read()[0][0].accepted == ()
    accepted = CliRunner().invoke(main, ["restore", "dump", source.name, "--replace", "--accept-definitions"], env=environment)
    assert accepted.exit_code == 0, accepted.output
    assert (
        "these definitions do, were accepted, and are noted in the catalogue: schema public: the definitions of kind index differ"
        in accepted.stdout
    )
    assert one(filled, "SELECT to_regclass('mine') IS NULL AND to_regclass('idx_messages_parent') IS NOT NULL")
    [note] = Catalogue(folder).read()[0][0].accepted
    assert note.database == filled.database
    assert note.differences[0] == "schema public: the definitions of kind index differ"
    assert left_over(filled) == set()


def test_rows_that_differ_are_never_accepted(settings, source, folder, filled):
    with pytest.raises(RestoreDiffers, match=r"was not replaced, for the backup restored otherwise: table public\.messages: 201 rows"):
        restore(settings, changed(told(source, ["index"])), filled, replace_it=True, accept_definitions=True)
    assert Catalogue(folder).read()[0][0].accepted == ()
    assert databases(filled, f"{filled.database}_restored") == set()


def test_a_new_database_says_what_differs_from_the_one_that_was_backed_up(settings, source, folder, filled):
    source = told(source, ["index"])
    wanted = (
        "schema public: the definitions of kind index differ",
        f"schema public: every index is as in {filled.database} now",
    )
    with spare(filled) as target:
        assert restore(settings, source, target).differences == wanted
    with spare(filled) as target:
        done = restore(settings, source, target, accept_definitions=True)
        assert (done.differences, done.accepted) == ((), wanted)
    assert [note.differences for note in Catalogue(folder).read()[0][0].accepted] == [wanted]
    tried = drill(settings, source, filled)
    assert tried.drill.differences == wanted[:1]
    assert tried.notes == wanted[1:]


def test_only_a_backup_of_the_catalogue_can_be_accepted(settings, source, folder, filled, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in (source.path, folder.path / f"{source.entry.id}.json"):
        (elsewhere / path.name).write_bytes(path.read_bytes())
    source = Source.find(folder, str(elsewhere / source.path.name), filled.database)
    with pytest.raises(RestoreError, match=r"whose catalogue keeps what was accepted: move it there$"):
        restore(settings, source, filled, replace_it=True, accept_definitions=True)


@pytest.mark.usefixtures("cleaned")
@pytest.mark.writes
def test_an_older_fingerprint_is_compared_without_what_servers_keep_for_themselves(settings, source, filled):
    with engine_of(filled).connect() as connection, proof.standing_still(connection):
        older, _ = proof.fingerprint(connection, 1)
    note = "schema public: the definitions of kind column could not be compared, for the backup is of an earlier app_schema"
    done = restore(settings, told(source, ["column"], older=older), filled, replace_it=True)
    assert (done.differences, done.notes) == ((), (note,))
    with pytest.raises(RestoreDiffers, match="and definitions do: schema public: the definitions of kind index differ;"):
        restore(settings, told(source, ["column", "index"], older=older), filled, replace_it=True)


def test_definitions_that_another_version_prints_otherwise_are_compared_by_name(settings, source, filled):
    with spare(filled) as target:
        done = restore(settings, told(source, ["grant", "view"], server_version="15.20"), target)
        [note] = done.notes
        assert note.startswith("schema public: of kind grant, view only names were compared, for PostgreSQL 15 and ")
        assert done.differences == ()
    with spare(filled) as target:
        first = restore(settings, told(source, ["view"], names=["view"], server_version="15.20"), target).differences[0]
        assert first == "schema public: the definitions of kind view differ, and so do the names"


@pytest.mark.writes
def test_no_dump_is_taken_that_only_this_server_would_take(settings, folder, filled):
    """pg_dump writes every option of a column that it does not know, and no other server makes a table with it."""
    own = "UPDATE pg_attribute SET attoptions = '{pg_attver=5}' WHERE attrelid = 'users'::regclass AND attname = 'name'"
    with engine_of(filled).begin() as connection:
        connection.execute(text(own))
    line = re.compile(r"^pg_dump \S+ would write pg_attver into the dump, .*: install postgresql-client-\d+ of version \S+ or newer$")
    for take in (dump, masked):
        with pytest.raises(ProgramMissing, match=line):
            take(settings, folder)
    assert Catalogue(folder).read() == ([], [])

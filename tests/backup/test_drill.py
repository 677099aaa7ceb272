"""A drill passes on what comes back as it was, fails on anything else, and leaves nothing but its result."""

import gzip
from dataclasses import replace

import pytest
from places import changed, databases, left_over, passphrase, run

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.errors import EncryptionError, RestoreError, RestoreRefused
from app_schema.restore import drill as module
from app_schema.restore.drill import drill
from app_schema.restore.source import Source


@pytest.mark.parametrize("quick", [True, False])
def test_it_passes_and_is_noted(quick, settings, source, folder, filled):
    before = databases(filled, "")
    done = drill(settings, source, filled, quick=quick)
    assert (done.drill.passed, done.drill.quick, done.notes) == (True, quick, ())
    [entry], _ = Catalogue(folder).read()
    assert entry.drills == (done.drill,)
    assert 0 < done.drill.seconds < 120
    # those of tests that run beside this one come and go
    assert not {name for name in databases(filled, "") - before if not name.startswith(("app_schema_", "test_"))}
    assert left_over(filled) == set()


@pytest.mark.parametrize("quick", [True, False])
def test_a_changed_row_count_fails_it(quick, settings, source, filled):
    done = drill(settings, changed(source), filled, quick=quick)
    assert not done.drill.passed
    assert done.drill.differences == ("table public.messages: 201 rows were taken, 200 are there",)
    assert left_over(filled) == set()


def test_a_damaged_file_fails_it(settings, source, folder, filled):
    source.path.write_bytes(source.path.read_bytes()[:-1])
    done = drill(settings, source, filled)
    assert "is damaged" in done.drill.error
    assert Catalogue(folder).read()[0][0].drills == (done.drill,)
    assert left_over(filled) == set()


def test_what_could_not_begin_is_not_noted_as_failed(settings, folder, filled):
    locked = settings.model_copy(update={"backup_passphrase_file": passphrase(folder)})
    entry = dump(locked, folder)
    with pytest.raises(EncryptionError, match="PASSPHRASE"):
        drill(settings, Source.find(folder, entry.id, filled.database), filled)
    assert Catalogue(folder).read()[0][-1].drills == ()


@pytest.mark.parametrize("quick", [True, False])
def test_a_role_that_may_not_create_databases_proves_nothing(quick, settings, source, folder, filled):
    role = f"no_createdb_{filled.database}"
    server = filled.set(database="postgres")
    run(server, f"CREATE ROLE {role} LOGIN PASSWORD 'c4nary'")
    try:
        with pytest.raises(RestoreRefused, match=f'run ALTER ROLE "{role}" CREATEDB, or connect as a role that may$'):
            drill(settings, source, filled.set(username=role, password="c4nary"), quick=quick)
    finally:
        run(server, f"DROP ROLE {role}")
    assert Catalogue(folder).read()[0][0].drills == ()


def test_a_server_that_lacks_the_roles_proves_nothing(settings, source, folder, filled):
    lacking = source.database.model_copy(update={"roles": ("nobody of this name",)})
    strange = replace(source, part=source.part.model_copy(update={"database": lacking}))
    with pytest.raises(RestoreRefused, match='CREATE ROLE "nobody of this name"'):
        drill(settings, strange, filled)
    assert Catalogue(folder).read()[0][0].drills == ()


def test_it_cleans_up_whatever_happens(settings, source, filled, monkeypatch):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "compared", interrupted)
    with pytest.raises(KeyboardInterrupt):
        drill(settings, source, filled)
    assert left_over(filled) == set()


def test_a_broken_index_fails_the_full_one(settings, source, filled, monkeypatch):
    """amcheck reads what no query would: here an index whose comparison function has changed under it."""
    real = module.fill

    def fill(there, *arguments):
        notes = real(there, *arguments)
        run(
            there.url,
            "CREATE FUNCTION cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($1, $2)'",
            "CREATE OPERATOR CLASS turned FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=,"
            " OPERATOR 5 >, FUNCTION 1 cmp(int, int)",
            "CREATE TABLE t AS SELECT generate_series(1, 5000) AS id",
            "CREATE INDEX ON t (id turned)",
            "CREATE OR REPLACE FUNCTION cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -btint4cmp($1, $2)'",
        )
        return notes

    monkeypatch.setattr(module, "fill", fill)
    done = drill(settings, source, filled)
    assert any(line.startswith("amcheck: ") for line in done.drill.differences), done


def test_what_cannot_prove_anything_is_refused(settings, folder, filled, tmp_path):
    file = tmp_path / "old.sql.gz"
    file.write_bytes(gzip.compress(b"-- PostgreSQL database dump complete\n"))
    with pytest.raises(RestoreError, match="a drill of it would prove nothing"):
        drill(settings, Source.find(folder, str(file), "x"), filled)

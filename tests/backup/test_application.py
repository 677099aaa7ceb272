"""Objects of the application that pg_restore alone does not restore: their functions read names without a schema."""

import subprocess
from dataclasses import replace

import pytest
from click.testing import CliRunner
from databases import administrator, new_database
from debian import debian_cluster
from places import databases, drop, made, one, run, spare
from sqlalchemy import text

from app_schema.backup import proof
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.folder import Folder
from app_schema.backup.programs import Programs, environment
from app_schema.cli.backup import say_taken
from app_schema.cli.restore import say_restored
from app_schema.errors import RestoreDiffers
from app_schema.restore.drill import drill
from app_schema.restore.dump import look, restore
from app_schema.restore.one_table import restore_table
from app_schema.restore.source import Source
from app_schema.settings import Settings

OBJECTS = (
    "CREATE SCHEMA shop",
    "SET search_path TO shop, public",
    "CREATE TABLE items (id int PRIMARY KEY, price int)",
    "CREATE TABLE bounds (highest int)",
    "INSERT INTO bounds VALUES (1000)",
    # loaded before the table that its CHECK reads
    "CREATE FUNCTION in_bounds(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RETURN $1 <= (SELECT highest FROM bounds); END $$",
    "CREATE TABLE arrivals (id int PRIMARY KEY, price int CHECK (in_bounds(price)))",
    "CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.price = 0; RETURN NEW; END $$",
    "INSERT INTO items SELECT n, n FROM generate_series(1, 50) n",
    "INSERT INTO arrivals SELECT n, n FROM generate_series(1, 50) n",
    "CREATE TRIGGER touched BEFORE INSERT ON arrivals FOR EACH ROW EXECUTE FUNCTION touched()",
    "CREATE FUNCTION total() RETURNS bigint STABLE LANGUAGE sql SET search_path = shop AS 'SELECT sum(price) FROM items'",
    "CREATE MATERIALIZED VIEW totals AS SELECT total()",
    "CREATE FUNCTION half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2'",
    "CREATE FUNCTION halved(int) RETURNS int IMMUTABLE LANGUAGE plpgsql SET search_path = shop AS 'BEGIN RETURN half($1); END'",
    "CREATE INDEX items_halved ON items (halved(price))",
    "CREATE FUNCTION quartered(int) RETURNS int IMMUTABLE LANGUAGE sql SET search_path = shop AS 'SELECT half(half($1))'",
    "CREATE INDEX items_quartered ON items (quartered(price))",
    # made while it was set, as PostgreSQL 17 demands; older releases make them without
    "ALTER FUNCTION total() RESET search_path",
    "ALTER FUNCTION halved(int) RESET search_path",
    # the planner expands it, so that no query of the table works without the search_path
    "ALTER FUNCTION quartered(int) RESET search_path",
)


def filled_with_objects(url):
    run(url, *OBJECTS)
    with administrator(url) as connection:
        connection.execute(text(f"ALTER DATABASE {url.database} SET search_path = shop, public"))


@pytest.fixture(scope="module")
def older():
    """A server of PostgreSQL 15, which refreshes materialized views with the session's search_path."""
    with debian_cluster() as cluster:
        yield cluster.url


@pytest.fixture
def application(older):
    with new_database(older) as url:
        filled_with_objects(url)
        yield url


def taken(url, tmp_path):
    folder = made(tmp_path)
    settings = Settings(DATABASE_URL=url, backup_dir=folder.path)
    entry = dump(settings, folder)
    return settings, folder, entry, Source.find(folder, entry.id, url.database)


def test_they_are_restored_with_the_search_path_of_the_database(application, tmp_path):
    settings, _, _, source = taken(application, tmp_path)
    with spare(application) as target:
        done = restore(settings, source, target)
        assert (done.differences, done.missing) == ((), ())
        assert "shop, public" in "".join(done.notes)
        assert one(target, "SELECT total FROM shop.totals") == 1275
        assert one(target, "SELECT sum(price) FROM shop.arrivals") == 1275
        assert one(target, "SELECT count(*) FROM pg_indexes WHERE indexname IN ('items_halved', 'items_quartered')") == 2
    assert drill(settings, source, application, quick=True).drill.passed
    drilled = drill(settings, source, application)
    assert drilled.drill.differences == ()
    assert "shop.items_halved" in drilled.notes[-1]


def test_a_newer_pg_restore_sets_what_the_server_does_not_know(application, tmp_path):
    """The error of its own settings is no object's: nothing else is restored twice, and nothing is called missing."""
    settings, _, entry, source = taken(application, tmp_path)
    newer = replace(source, entry=entry.model_copy(update={"client_version": "17.0"}))
    with spare(application) as target:
        done = restore(settings, newer, target)
        assert (done.differences, done.missing, done.rows) == ((), (), 101)
        assert "TABLE DATA shop arrivals" in done.notes[0]
        assert "items_halved" in done.notes[1]


def test_a_script_of_them(older, tmp_path):
    """As pg_dump writes it; a CHECK that needs another table's rows is beyond a script, which runs in its order."""
    with new_database(older) as url:
        run(url, *(statement for statement in OBJECTS if "arrivals" not in statement))
        with administrator(url) as connection:
            connection.execute(text(f"ALTER DATABASE {url.database} SET search_path = shop, public"))
        script = tmp_path / "shop.sql"
        command = Programs.find(15).command("pg_dump", f"--file={script}")
        subprocess.run(command, check=True, env=environment(url))
        settings = Settings(DATABASE_URL=url, backup_dir=made(tmp_path).path, APP_SCHEMA_SCHEMA="shop")
        with spare(url) as target:
            done = restore(settings, Source.find(Folder.of(settings), str(script), "x"), target)
            assert done.notes == ('restored only with search_path = "shop", which the script does not set',)
            assert one(target, "SELECT total FROM shop.totals") == 1275


def test_one_table_of_them(application, tmp_path):
    settings, _, _, source = taken(application, tmp_path)
    run(application, "DROP TABLE shop.arrivals", "DROP TABLE shop.items CASCADE")
    for table, rows in (("shop.arrivals", 50), ("shop.items", 50)):
        done = restore_table(settings, source, application, table)
        assert (done.rows, done.differences, done.missing) == (rows, (), ())
    with spare(application) as target:
        done = restore_table(settings, source, target, "shop.items")
        assert (done.rows, done.differences, done.missing) == (50, (), ())


def test_a_dump_sees_it_coming(application, tmp_path):
    _, folder, entry, _ = taken(application, tmp_path)
    said = "\n".join(entry.parts[0].database.warnings)
    assert 'materialized view shop.totals calls, does not work in a restore: relation "items" does not exist' in said
    assert "function shop.halved(integer), which index shop.items_halved calls, does not work in a restore: it uses half without" in said
    assert "function shop.quartered(integer), which index shop.items_quartered calls" in said
    assert "function shop.in_bounds(integer), which constraint arrivals_price_check on table shop.arrivals calls" in said
    assert len(entry.parts[0].database.warnings) == 4
    import click  # noqa: PLC0415

    shown = CliRunner().invoke(click.command()(lambda: say_taken(folder, entry)))
    assert "run: ALTER FUNCTION shop.total() SET search_path = SCHEMA, pg_temp" in shown.output


def test_a_migrated_database_gives_no_warning(source):
    assert source.database.warnings == ()
    assert source.database.search_path is None


@pytest.fixture
def newer(server):
    """The same on a server that refreshes and indexes with pg_catalog alone, from PostgreSQL 17 on."""
    with new_database(server) as url:
        if int(one(url, "SHOW server_version_num")) < 170000:
            pytest.skip("before PostgreSQL 17 they are restored")
        filled_with_objects(url)
        yield url


def test_a_table_whose_inherited_columns_pg_dump_puts_first(older, tmp_path):
    """Its rows are equal though the order of its columns is not, and a backup that did not record the order is not refused."""
    with new_database(older) as url:
        run(
            url,
            "CREATE TABLE parent (a int)",
            "CREATE TABLE child (d text) INHERITS (parent)",
            "ALTER TABLE parent ADD COLUMN b int",
            "INSERT INTO child (a, b, d) VALUES (1, 2, 'x')",
        )
        settings, folder, entry, source = taken(url, tmp_path)
        assert drill(settings, source, url, quick=True).drill.passed
        run(url, "DROP TABLE child")
        assert restore_table(settings, source, url, "public.child").differences == ()
        assert restore(settings, source, url, replace_it=True).differences == ()

        part = entry.parts[0]
        [(name, child)] = [item for item in part.database.proof.tables.items() if item[1].columns]
        earlier = {**part.database.proof.tables, name: child.model_copy(update={"columns": ()})}
        database = part.database.model_copy(update={"proof": part.database.proof.model_copy(update={"tables": earlier})})
        Catalogue(folder).amend(entry.id, lambda now: now.model_copy(update={"parts": (part.model_copy(update={"database": database}),)}))
        with spare(url) as target:
            done = restore(settings, Source.find(folder, entry.id, url.database), target)
            assert done.differences == ()
            assert "table public.child: only the number of rows was compared" in done.notes[0]
        run(url, "UPDATE child SET d = 'y'")
        assert proof.compare(part.database.proof, look(url, catalog=False, like=part.database.proof)) == (
            "table public.child: 1 rows, and their values differ",
        )


def test_what_the_server_refuses_is_listed_and_the_database_is_kept(newer, tmp_path, capsys):
    settings, _, _, source = taken(newer, tmp_path)
    with spare(newer) as target:
        done = restore(settings, source, target)
        assert one(target, "SELECT count(*) FROM shop.items") == 50
        assert one(target, "SELECT sum(price) FROM shop.arrivals") == 1275
        assert {missing.what for missing in done.missing} == {
            "INDEX shop items_halved",
            "INDEX shop items_quartered",
            "MATERIALIZED VIEW DATA shop totals",
        }
        with pytest.raises(RestoreDiffers):
            say_restored("it", done)
        said = capsys.readouterr().err
        assert "    CREATE INDEX items_halved ON shop.items USING btree (shop.halved(price));" in said
        assert "    REFRESH MATERIALIZED VIEW shop.totals;" in said
        # the cure, and then the statements that were listed
        run(target, *(f"ALTER FUNCTION shop.{name} SET search_path = shop" for name in ("total()", "halved(int)", "quartered(int)")))
        run(target, *(missing.statement for missing in done.missing))
        assert one(target, "SELECT total FROM shop.totals") == 1275
    with pytest.raises(RestoreDiffers, match=r"was not replaced: .*INDEX shop items_halved: function half"):
        restore(settings, source, newer, replace_it=True)
    (kept,) = databases(newer, f"{newer.database}_restored_")
    drop(newer, kept)
    assert not drill(settings, source, newer).drill.passed


def test_conditions_that_are_printed_with_other_parentheses(server, tmp_path):
    """PostgreSQL prints a condition with BETWEEN otherwise once it was restored, and means the same."""
    with new_database(server) as url:
        run(
            url,
            "CREATE TABLE sizes (a int, b int, CHECK (a BETWEEN 1 AND 9 AND b > 0))",
            "CREATE INDEX sized ON sizes (b) WHERE a BETWEEN 2 AND 8 AND b > 1",
            "CREATE VIEW small AS SELECT a FROM sizes WHERE a BETWEEN 1 AND 3 AND b > 2",
            "CREATE FUNCTION fits(a int, b int) RETURNS bool LANGUAGE sql RETURN a BETWEEN 1 AND 3 AND b > 2",
        )
        settings, _, _, source = taken(url, tmp_path)
        done = restore(settings, source, url, replace_it=True)
        drop(url, done.old)
        assert done.differences == ()

"""The whole way on every version that this machine has: create, migrate, seed, check, look after."""

import json
import os

from click.testing import CliRunner
from databases import administrator, engine_of
from places import databases, drop, one
from programs import alembic
from rows import insert
from sqlalchemy import text

from app_schema import inventory, migrate
from app_schema.cli import main


def test_init_seed_and_check(programs, schema):
    url = programs.url.set(database="made_by_init")
    environment = {"DATABASE_URL": url.render_as_string(hide_password=False), "APP_SCHEMA_SCHEMA": schema}
    try:
        done = CliRunner().invoke(main, ["init", "--seed"], env=environment)
        assert done.exit_code == 0, done.output
        checked = CliRunner().invoke(main, ["db", "check"], env=environment)
        assert checked.exit_code == 0, checked.output
        with engine_of(url).connect() as connection:
            found = inventory.tables(connection, schema=schema)
        assert len(found) == 18
        assert all(facts.rows and facts.bytes for facts in found)
    finally:
        with administrator(programs.url) as connection:
            connection.execute(text("DROP DATABASE IF EXISTS made_by_init WITH (FORCE)"))


def test_drift_is_clean(empty, schema):
    engine = engine_of(empty, schema)
    migrate.upgrade(engine, schema=schema)
    with engine.connect() as connection:
        migrate.check(connection, schema=schema)


def test_upkeep_and_monitor(empty, schema, tmp_path):
    engine = engine_of(empty, schema)
    migrate.upgrade(engine, schema=schema)
    environment = {
        "DATABASE_URL": empty.render_as_string(hide_password=False),
        "APP_SCHEMA_SCHEMA": schema,
        "APP_SCHEMA_HOME": str(tmp_path),
    }
    for routine in (["maintain", "daily"], ["maintain", "weekly"], ["optimize"]):
        done = CliRunner().invoke(main, routine, env=environment)
        assert done.exit_code == 0, done.output
    seen = CliRunner().invoke(main, ["monitor", "--format", "json"], env=environment)
    assert seen.exit_code == 3, seen.output
    document = json.loads(seen.stdout)
    assert [finding["rule"] for finding in document["findings"] if finding["severity"] != "note" and finding["rule"] != "disk-full"] == [
        "backup-age"
    ]
    assert not [remark for topic in document["topics"].values() for remark in topic["remarks"] if "could not be read" in remark]
    assert len(document["topics"]["tables"]["rows"]) == 19  # alembic_version as well


def test_what_is_fresh_has_no_differences_whoever_compares(programs, empty, folder, monkeypatch):
    """Alembic, the check of the schema, a drill and both kinds of restore, on this version and with its own programs."""
    monkeypatch.setenv("PATH", f"{programs.folder}:{os.environ['PATH']}")
    engine = engine_of(empty)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        insert(connection, "messages", content="안녕하세요")
    checked = alembic(empty, "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    backups = folder / "backups"
    backups.mkdir(mode=0o700)
    environment = {"DATABASE_URL": empty.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(backups)}
    beside = f"{empty.database}_beside"
    try:
        for command, said in (
            ("db check", "as declared"),
            ("backup dump", ""),
            ("restore drill", " passed in "),
            (f"restore dump --to {beside}", "compared: equal to what was taken"),
            ("restore dump --replace", "compared: equal to what was taken"),
            ("db check", "as declared"),
        ):
            done = CliRunner().invoke(main, command.split(), env=environment)
            assert done.exit_code == 0, (command, done.output)
            assert said in done.stdout
            assert "compared" not in done.stderr
        assert one(empty, "SELECT content FROM messages") == "안녕하세요"
    finally:
        drop(programs.url, *databases(programs.url, f"{empty.database}_"))

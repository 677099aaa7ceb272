"""The whole way on every version that this machine has: create, migrate, seed, check, look after."""

import json

from click.testing import CliRunner
from databases import administrator, engine_of
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

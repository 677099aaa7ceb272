"""The whole way on every version that this machine has: create, migrate, seed, check."""

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

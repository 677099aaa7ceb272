"""``app-schema seed`` as a person types it: what it makes, and what it refuses before it touches anything."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from databases import administrator, engine_of, new_database
from rich.console import Console
from sqlalchemy import make_url, text

from app_schema import migrate
from app_schema.cli import main
from app_schema.cli.progress import Bar
from app_schema.models import metadata
from app_schema.seeding import SCENARIOS, Order, permission, space

# a shell's background job inherits that SIGINT is ignored
AWAKE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from app_schema.cli import main; main()"
COMMAND = [sys.executable, "-c", AWAKE, "seed"]
SMALL = ("--scenario", "demo")


@pytest.fixture
def run(engine):
    """Run the command on a migrated database."""

    def run(*arguments, **environment):
        environment = {"DATABASE_URL": engine.url.render_as_string(hide_password=False), **environment}
        result = CliRunner().invoke(main, ["seed", *arguments], env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


def counts(engine):
    with engine.connect() as connection:
        return {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in metadata.tables}


def refused(result, code, *words):
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (code, "", 1)
    assert all(word in result.stderr for word in words), result.stderr
    return True


def test_scale_1_is_what_the_contract_says(run, engine):
    done = run("--now", "2026-11-20T14:30+09:00")
    assert done.exit_code == 0, done.stderr
    found = counts(engine)
    assert {table: found[table] for table in ("users", "conversations", "chat_rooms", "messages")} == {
        "users": 1_000,
        "conversations": 10_000,
        "chat_rooms": 2_000,
        "messages": 100_000,
    }
    assert done.output == f"rows: {sum(found.values()):,} in 18 tables\n"
    with engine.connect() as connection:
        told = "SELECT min(created_at) > '2026-11-20 14:30+09'::timestamptz - interval '90 days' FROM messages"
        assert connection.scalar(text(told))
        longest = "SELECT count(*) FROM messages WHERE conversation_id IS NOT NULL GROUP BY conversation_id ORDER BY 1 DESC"
        lengths = connection.scalars(text(longest)).all()
        assert lengths[0] > 80
        assert lengths[len(lengths) // 2] < 10
        assert connection.scalar(text("SELECT count(DISTINCT content) FROM messages")) >= 10_000
        assert connection.scalar(text("SELECT count(DISTINCT name) FROM users")) >= 600
        assert connection.scalar(text("SELECT count(DISTINCT title) FROM conversations")) >= 500
        crowded = "SELECT count(*) FROM agent_dashboard WHERE active_rooms > max_rooms"
        assert connection.scalar(text(crowded)) == 0
        for parent in ("logs", "ai_request_stats"):  # in their months, none of them in the default
            assert connection.scalar(text(f"SELECT count(*) FROM {parent}_default")) == 0
            assert connection.scalar(text(f"SELECT count(DISTINCT tableoid) FROM {parent}")) >= 3
        migrate.check(connection)
        statistics = "SELECT count(DISTINCT tablename) FROM pg_stats WHERE schemaname = 'public' AND tablename = ANY(:tables)"
        assert connection.scalar(text(statistics), {"tables": list(metadata.tables)}) == 18


SHARES = {  # in per cent of standard, at least and at most
    "users WHERE role = 'admin'": (0.2, 2.5),
    "users WHERE role = 'service'": (0.5, 3),
    "users WHERE status = 'pending'": (2, 6),
    "users WHERE status = 'suspended'": (0.1, 2.5),
    "users WHERE status = 'deleted'": (1, 6),
    "logs WHERE level = 'fatal'": (0.001, 0.3),
    "logs WHERE level = 'info'": (70, 95),
    "ai_request_stats WHERE status IN ('error', 'timeout', 'blocked')": (0.05, 2),
    "ai_request_stats WHERE status = 'cached'": (2, 12),
    "conversations WHERE deleted_at IS NOT NULL": (2, 8),
    # by people on call
    "messages WHERE sender_type = 'agent' AND extract(hour FROM created_at AT TIME ZONE 'Asia/Seoul') < 6": (0, 1.5),
    "messages WHERE extract(hour FROM created_at AT TIME ZONE 'Asia/Seoul') = 11": (7, 12),
    "messages WHERE extract(hour FROM created_at AT TIME ZONE 'Asia/Seoul') = 12": (3, 6),
}


def test_the_shares_are_sensible(run, engine):
    assert run("--scale", "0.3", "--now", "2026-11-20T14:30+09:00").exit_code == 0
    with engine.connect() as connection:
        found = {}
        for rows, (least, most) in SHARES.items():
            table, condition = rows.split(" WHERE ", 1)
            share = connection.scalar(text(f"SELECT 100.0 * count(*) FILTER (WHERE {condition}) / count(*) FROM {table}"))
            if not least <= share <= most:
                found[rows] = share
        assert found == {}


def test_append_keeps_what_was_rolled_up(run, engine):
    assert run(*SMALL, "--now", "2026-11-20T14:30+09:00").exit_code == 0
    usage = "SELECT day, user_id, provider, model, operation, requests, cost, latency_ms_sum FROM ai_usage_daily"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE before AS {usage}"))
        connection.execute(text("DELETE FROM ai_request_stats WHERE created_at < '2026-11-01'"))  # as retention does
    before = counts(engine)
    done = run(*SMALL, "--append", "--now", "2026-11-20T14:30+09:00")
    after = counts(engine)
    assert done.output == f"rows: {sum(after.values()) - sum(before.values()):,} in 18 tables\n"
    with engine.connect() as connection:
        added = f"""SELECT count(*) FROM ({usage} EXCEPT (
            SELECT day, user_id, provider, model, operation, sum(requests), sum(cost), sum(latency_ms_sum) FROM (
                SELECT * FROM before UNION ALL
                SELECT day_kst, user_id, provider, model, operation, count(*), sum(cost), sum(latency_ms) FROM ai_request_stats
                WHERE price_version <> 'demo-2026-01' GROUP BY 1, 2, 3, 4, 5
            ) AS summed GROUP BY day, user_id, provider, model, operation)) AS wrong"""
        assert connection.scalar(text(added)) == 0
        assert connection.scalar(text("SELECT count(*) FROM ai_usage_daily")) > before["ai_usage_daily"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_holds_together(run, engine, scenario):
    scale = 1 if scenario == "demo" else 0.1
    assert run("--scenario", scenario, "--scale", str(scale)).exit_code == 0
    told = SCENARIOS[scenario].counts
    assert counts(engine)["messages"] == round(told["messages"] * scale)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM agent_dashboard WHERE active_rooms > max_rooms")) == 0
        away = "SELECT count(*) FROM agent_dashboard WHERE active_rooms > 0 AND status NOT IN ('online', 'busy')"
        assert connection.scalar(text(away)) == 0


def test_rows_that_are_there_stay_unless_told_otherwise(run, engine):
    assert run(*SMALL).exit_code == 0
    before = counts(engine)
    assert refused(run(*SMALL), 1, "--append", "--replace")
    assert refused(run(*SMALL, "--append", "--replace"), 2, "one of them")
    assert counts(engine) == before
    for times in (2, 3):
        done = run(*SMALL, "--append")
        assert done.exit_code == 0, done.stderr
        assert counts(engine)["users"] == times * before["users"]
        assert counts(engine)["messages"] == times * before["messages"]
    assert run(*SMALL, "--replace").exit_code == 0
    assert counts(engine)["messages"] == before["messages"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--scale", "0"), ("above 0",)),
        (("--scale=-1",), ("above 0",)),
        (("--scale", "nan"), ("above 0",)),
        (("--scale", "inf"), ("above 0",)),
        (("--scenario", "nonsense"), tuple(SCENARIOS)),
        (("--now", "yesterday"), ("+09:00",)),
        (("--now", "2026-11-20T14:30"), ("zone", "+09:00")),
        (("--now", "0001-01-01T00:00+09:00"), ("year",)),
        (("--now", ""), ("''", "+09:00")),
        (("--scale", "abc"), ("--scale", "seed --help")),
        (("--random-seed", "abc"), ("--random-seed", "seed --help")),
    ],
)
def test_bad_input_is_one_line(run, engine, arguments, words):
    assert refused(run(*arguments), 2, *words)
    assert counts(engine)["users"] == 0


@pytest.mark.parametrize("scale", ["0.02", "1e9"])
def test_init_seeds_as_much_as_it_is_told_or_makes_no_database(server, scale):
    url = server.set(database=f"app_schema_test_of_init_{len(scale)}")
    done = CliRunner().invoke(main, ["init", "--seed", "--scale", scale], env={"DATABASE_URL": url.render_as_string(hide_password=False)})
    with administrator(server) as connection:
        there = connection.scalar(text("SELECT count(*) FROM pg_database WHERE datname = :name"), {"name": url.database})
        if scale == "1e9":
            assert refused(done, 1, "would need about")
            assert not there
            return
        assert done.exit_code == 0, done.stderr
        with engine_of(url).connect() as seeded:
            assert seeded.scalar(text("SELECT count(*) FROM messages")) == 2_000
        connection.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("datestyle = 'German'", ()),
        ("statement_timeout = '250ms'", ()),  # COPY of 20,000 messages takes longer
        ("default_transaction_read_only = on", ("read-only", "DATABASE_URL", "default_transaction_read_only")),
    ],
)
def test_what_the_database_is_set_to(run, engine, setting, words):
    with engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {engine.url.database} SET {setting}"))
        connection.commit()
    done = run("--scale", "0.2")
    assert refused(done, 1, *words) if words else done.exit_code == 0, done.stderr


def test_a_revision_that_this_package_does_not_know(run, engine):
    with engine.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    assert refused(run(*SMALL), 1, "9999", "install the version")


def test_a_list_of_protected_databases_that_would_protect_none(run):
    assert refused(run(APP_SCHEMA_PROTECT="live;other"), 2, "APP_SCHEMA_PROTECT", "commas")


@pytest.mark.parametrize("scale", ["1e7", "1e300", "1.7e308"])
def test_more_than_the_disk_holds(run, engine, scale):
    assert refused(run("--scale", scale), 1, "would need about", "GB", "smaller --scale")
    assert counts(engine)["users"] == 0


def test_a_disk_that_is_nearly_full(run, monkeypatch):
    monkeypatch.setattr(space, "free_bytes", lambda _: 10_000_000)
    assert refused(run(), 1, "0.1 GB", "0.0 GB free")
    monkeypatch.setattr(space, "free_bytes", lambda _: None)
    assert run(*SMALL).exit_code == 0


def test_the_disk_of_the_server_is_looked_at(engine):
    with engine.connect() as connection:
        assert space.free_bytes(connection) == pytest.approx(shutil.disk_usage("/tmp").free, rel=0.2)
        connection.execute(text("CREATE ROLE curious"))
        connection.execute(text("SET ROLE curious"))
        assert space.free_bytes(connection) is None
        connection.rollback()


def test_a_protected_database(run, engine):
    names = f"other, {engine.url.database}"
    assert refused(run(APP_SCHEMA_PROTECT=names), 2, "APP_SCHEMA_PROTECT", engine.url.database)
    url = engine.url.render_as_string(hide_password=False)
    init = CliRunner().invoke(main, ["init", "--seed"], env={"DATABASE_URL": url, "APP_SCHEMA_PROTECT": names})
    assert refused(init, 2, "APP_SCHEMA_PROTECT")
    assert counts(engine)["users"] == 0


@pytest.mark.parametrize("command", [["seed"], ["init", "--seed"]])
def test_another_machine_needs_a_yes(command):
    away = {"DATABASE_URL": "postgresql://me:c4nary@db.invalid:5432/app"}
    assert refused(CliRunner().invoke(main, command, env=away), 2, "db.invalid", "--yes")
    willing = CliRunner().invoke(main, [*command, "--yes"], env=away)
    assert refused(willing, 1, "cannot connect")
    assert "c4nary" not in willing.stderr


@pytest.mark.parametrize("host", ["/run/postgresql", "localhost", "127.0.0.1", "127.9.9.9", "::1", "@abstract"])
def test_this_machine(host):
    assert permission.is_local(host)


def test_libpqs_own_variables_count(monkeypatch):
    assert permission.hosts(make_url("postgresql:///app")) == []
    monkeypatch.setenv("PGHOST", "db.invalid")
    assert permission.hosts(make_url("postgresql:///app")) == ["db.invalid"]
    assert permission.hosts(make_url("postgresql:///app?host=/run&host=db2")) == ["/run", "db2"]
    assert "live" in permission.hosts(make_url("postgresql:///app?service=live"))
    monkeypatch.setenv("PGHOSTADDR", "10.0.0.1")  # where libpq goes, whatever host says
    assert permission.hosts(make_url("postgresql://localhost/app")) == ["localhost", "10.0.0.1"]


@pytest.mark.parametrize("host", ["10.0.0.1", "db", "localhost.evil.example", "::2", "127.0.0.1.nip.io"])
def test_another_machine(host):
    assert not permission.is_local(host)


def test_no_server_at_all(run):
    assert refused(run(DATABASE_URL="postgresql://x@127.0.0.1:1/app"), 1, "cannot connect")


def test_a_database_that_is_not_at_head(run, server):
    with new_database(server) as url:
        migrate.upgrade(engine_of(url), "0010")
        environment = {"DATABASE_URL": url.render_as_string(hide_password=False)}
        assert refused(run(**environment), 1, "0010", migrate.head(), "app-schema db upgrade")
    with new_database(server) as url:
        assert refused(run(DATABASE_URL=url.render_as_string(hide_password=False)), 1, "none", migrate.head())


def test_without_faker(run, engine, monkeypatch):
    monkeypatch.setitem(sys.modules, "faker", None)
    assert refused(run(*SMALL), 2, "pip install 'app-schema[seeds]'")
    assert counts(engine)["users"] == 0


def test_somebody_who_does_not_own_the_tables(run, engine, server):
    name = f"guest_{engine.url.database}"
    with administrator(server) as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'guest' IN ROLE app_readwrite"))
        try:
            url = engine.url.set(username=name, password="guest").render_as_string(hide_password=False)
            assert refused(run(*SMALL, "--replace", DATABASE_URL=url), 1, "owner")
            assert run(*SMALL, DATABASE_URL=url).exit_code == 0  # and may add
        finally:
            connection.execute(text(f"DROP ROLE {name}"))


def test_a_bar_where_somebody_watches_and_nothing_in_a_pipe():
    screen = io.StringIO()
    with Bar(Console(file=screen, force_terminal=True, width=100), 300) as bar:
        bar.advance("messages", 150)
    assert "messages" in screen.getvalue()
    assert "150/300" in screen.getvalue()
    assert Bar.on_terminal(Order()) is None


@pytest.mark.parametrize("after", [0.2, 0.9])
def test_ctrl_c_leaves_the_database_as_it_was(engine, after):
    environment = os.environ | {"DATABASE_URL": engine.url.render_as_string(hide_password=False)}
    process = subprocess.Popen([*COMMAND, "--scale", "20"], env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    active = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'"
    deadline = time.monotonic() + 60
    while True:
        with engine.connect() as connection:
            if connection.scalar(text(active)):
                break
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "error: Stopped by Ctrl-C; the database is as it was.\n")
    assert set(counts(engine).values()) == {0}

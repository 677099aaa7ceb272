"""What the rooms of the operator's commands share: settings of a database of one's own, its memory, and a run of a command."""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from app_schema.cli import main
from app_schema.engine import connect
from app_schema.memory import Memory
from app_schema.monitoring import disk, snapshot
from app_schema.settings import Settings

NOON = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # in Seoul


@pytest.fixture
def settings(engine, tmp_path, monkeypatch):
    """Settings as the environment gives them: a migrated database and an empty home."""
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("APP_SCHEMA_HOME", str(tmp_path / "home"))
    for name in ("SLACK_WEBHOOK_URL", "APP_SCHEMA_ALERT_URLS", "DATABASE_READ_URL", "APP_SCHEMA_BACKUP_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(disk, "FULL", 2)  # how full this machine is, is none of a test's business
    return Settings.from_env()


@pytest.fixture
def memory(settings):
    with Memory.of(settings) as memory:
        yield memory


@pytest.fixture
def look(settings, memory):
    """Take a snapshot at a time."""

    def look(now=NOON):
        with connect(settings) as connection:
            return snapshot.take(connection, settings, memory, clock=lambda: now)

    return look


@pytest.fixture
def run(settings):  # noqa: ARG001 (sets the environment)
    """Run a command."""

    def run(*arguments, **environment):
        result = CliRunner().invoke(main, arguments, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


def rules(snapshot):
    return {finding.rule for finding in snapshot.findings}

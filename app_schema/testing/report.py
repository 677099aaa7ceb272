"""What a run tells its terminal, through xdist as well: why it ends at once, and which databases it kept."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

FAILED = pytest.StashKey[bool]()
KEPT = pytest.StashKey[list[str]]()
REFUSED = pytest.StashKey[str]()


@contextmanager
def in_one_line(config: pytest.Config) -> Iterator[None]:
    """End the whole run with exit code 2 when the server is refused: every test that needs it would say the same."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 (not before a test needs a server)

    from app_schema.errors import AppSchemaError  # noqa: PLC0415 (likewise)

    try:
        yield
    except (AppSchemaError, DBAPIError) as error:
        reason = f"the server answered: {' '.join(str(error.orig).split())}" if isinstance(error, DBAPIError) else str(error)
        needs = "; the user needs CREATEDB, and CREATEROLE for the first template" if "permission denied" in reason else ""
        config.stash[REFUSED] = f"app_schema: {reason}{needs}"
        if hasattr(config, "workerinput"):  # for a worker to exit would look like a crash
            pytest.fail(config.stash[REFUSED], pytrace=False)
        pytest.exit(config.stash[REFUSED], returncode=2)


class Maker:
    """Where tests run: adds to their reports, which may hold any attribute that JSON can."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Remember a failure for the fixtures; hand on what they kept, and a refusal."""
        report = yield
        item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
        if REFUSED in item.config.stash:
            report.__dict__["app_schema_refused"] = item.config.stash[REFUSED]
        if report.when == "teardown":
            report.__dict__["app_schema_kept"] = item.stash.get(KEPT, [])
        return report


class Terminal:
    """Where the terminal is: says what the reports hold."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what was kept; end the run when a worker was refused the server."""
        self.kept += report.__dict__.get("app_schema_kept", [])
        if "app_schema_refused" in report.__dict__:
            pytest.exit(report.__dict__["app_schema_refused"], returncode=2)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was kept, and how to look at it."""
        if self.kept:
            terminalreporter.section("app_schema: databases kept for a week")
            for line in self.kept:
                terminalreporter.write_line(line)

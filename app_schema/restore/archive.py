"""pg_restore: an archive of pg_dump into a database that is there."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from psycopg.conninfo import make_conninfo

from app_schema.backup.programs import Programs, environment, errors, reason
from app_schema.errors import RestoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sqlalchemy import URL

JOBS = min(os.cpu_count() or 1, 4)  # index builds dominate
# pg_restore sets what only servers of its own version know
HARMLESS = ('unrecognized configuration parameter "transaction_timeout"',)
# written at once, unlike the words before it, which pg_restore's workers may mix
FAILED = re.compile(r"could not execute query: (\w+: .*)\n(?:.*\n)*?Command was: ((?:[A-Z]+ )+)(?=(.*\n?.*))")
# said of each entry that failed, only with --verbose
ENTRY = re.compile(r"from TOC entry (\d+); \d+ \d+ ")
# where a statement goes on to what is more than a name, and may be somebody's data
NAME_ENDS = re.compile(
    r"[(;]|\s(?:AFTER|AS|BEFORE|CHECK|DEFAULT|FOREIGN|FROM|INSTEAD|IS|PRIMARY|RETURNS|SET|TO|UNIQUE|USING|VALUES|WITH)\b"
)
QUOTED = re.compile(r'"[^"]*"')


class Failure(NamedTuple):
    """What could not be restored: the statement, such as ``CREATE VIEW``, the name that it is about, and the server's reason."""

    statement: str
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.statement} {self.name}: {self.reason}".strip(" :")

    @property
    def of_entry(self) -> bool:
        """Whether one entry failed, and pg_restore went on with the others."""
        return bool(self.statement) or self.reason.startswith("COPY failed for table")


def restore(
    programs: Programs, url: URL, archive: Path, *arguments: str, lines: Sequence[str] | None = None, jobs: int = JOBS
) -> tuple[list[Failure], set[int]]:
    """Restore all of an archive or some ``lines`` of its table of contents; return what could not be, and the numbers of its entries.

    Raises:
        RestoreError: it met something that it could not go on after.
    """
    if lines is not None and not lines:
        return [], set()
    with tempfile.NamedTemporaryFile("w", prefix="app_schema-", suffix=".list", encoding="utf-8") as chosen:
        chosen.write("\n".join(lines or ()))
        chosen.flush()
        by_line = [f"--use-list={chosen.name}"] if lines else []
        parallel = [f"--jobs={jobs}"] if jobs > 1 else []
        # it connects only when its command line names a database; the rest is in its environment
        place = f"--dbname={make_conninfo(dbname=str(url.database))}"
        done = subprocess.run(  # noqa: S603 (no shell)
            programs.command("pg_restore", place, "--no-password", "--verbose", *parallel, *by_line, *arguments, str(archive)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=environment(url),
        )
    met = failures(done.stderr)
    if done.returncode < 0 or (done.returncode and not met):
        how = f"was killed by signal {-done.returncode}" if done.returncode < 0 else "failed"
        raise RestoreError(f"pg_restore {how}: {reason(done.stderr)}")
    harmful = [failure for failure in met if not any(harmless in failure.reason for harmless in HARMLESS)]
    return harmful, {int(number) for number in ENTRY.findall(done.stderr)} if harmful else set()


def failures(stderr: str) -> list[Failure]:
    """Return what pg_restore said that it could not restore; no row that it may quote."""
    found = [
        Failure(statement.strip(), NAME_ENDS.split(" ".join(rest.split()), maxsplit=1)[0], reason(said))
        for said, statement, rest in FAILED.findall(stderr)
    ]
    others = errors("\n".join(line for line in stderr.splitlines() if "could not execute query: " not in line))
    return found + [Failure("", "", error) for error in others]


def folded(failures: Iterable[Failure]) -> list[str]:
    """Return a line for each kind of statement and of reason, with all names and the first reason in full."""
    alike: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        alike.setdefault((failure.statement, QUOTED.sub("", failure.reason)), []).append(failure)
    return [
        f"{group[0].statement} ({len(group):,}): {', '.join(each.name for each in group)}: {group[0].reason}, and the like"
        if len(group) > 1
        else str(group[0])
        for group in alike.values()
    ]


def check(programs: Programs, archive: Path, name: str) -> None:
    """Read an archive to its end, so that one that was cut off is noticed before any of it is restored; ``name`` is what people call it.

    Raises:
        RestoreError: it is damaged, or of a newer pg_dump than the programs here.
    """
    done = subprocess.run(  # noqa: S603 (no shell)
        programs.command("pg_restore", "--file=/dev/null", str(archive)), capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        said = f"died of signal {-done.returncode} on it" if done.returncode < 0 else f"says: {reason(done.stderr)}"
        if "unsupported version" in said:
            raise RestoreError(f"{name} is of a newer pg_dump than pg_restore {programs.version} here can read: install the newer one")
        if "zstd" in said or "lz4" in said:  # it was built without
            raise RestoreError(
                f"{name} is compressed, which pg_restore {programs.version} in {programs.folder} was built without ({said}):"
                f" install postgresql-client-{programs.major}"
            )
        raise RestoreError(f"{name} is damaged or was cut off (pg_restore {said}); nothing was restored")

"""The table of contents of an archive: its entries, what each depends on, and the SQL of each."""

from __future__ import annotations

import re
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup.programs import reason
from app_schema.errors import RestoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from app_schema.backup.programs import Programs

LINE = re.compile(r"(\d+); \d+ \d+ (.*)")
DEPENDS_ON = ";\tdepends on:"
# of the session, not objects
SESSION = ("ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES")
# A line has no sign between the kind and the name: of those that begin alike, the longest one is meant.
KINDS = sorted(
    (
        *SESSION,
        *("ACL", "AGGREGATE", "CAST", "CHECK CONSTRAINT", "COLLATION", "COMMENT", "CONSTRAINT", "CONVERSION", "DEFAULT", "DEFAULT ACL"),
        *("DOMAIN", "EVENT TRIGGER", "EXTENSION", "FK CONSTRAINT", "FOREIGN TABLE", "FUNCTION", "INDEX", "INDEX ATTACH"),
        *("MATERIALIZED VIEW", "MATERIALIZED VIEW DATA", "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", "POLICY", "PROCEDURE"),
        *("PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "ROW SECURITY", "RULE", "SCHEMA", "SECURITY LABEL"),
        *("SEQUENCE", "SEQUENCE OWNED BY", "SEQUENCE SET", "SERVER", "STATISTICS", "STATISTICS DATA", "SUBSCRIPTION"),
        *("SUBSCRIPTION TABLE", "TABLE", "TABLE ATTACH", "TABLE DATA", "TRANSFORM", "TRIGGER", "TYPE", "USER MAPPING", "VIEW"),
    ),
    key=len,
    reverse=True,
)
DATA = "TABLE DATA"
SECRET = ("SUBSCRIPTION", "USER MAPPING")  # their statements hold passwords
HEADING = re.compile(r"^--\n-- (?:Data for )?Name: .*?\n--\n+", re.MULTILINE | re.DOTALL)
COPY = re.compile(r"^COPY .*;$", re.MULTILINE)
ENDING = "\n--\n-- PostgreSQL database dump complete"
BEGINNING_BYTES = 65536  # of a table's data: the statement alone, and none of its rows


class Entry(NamedTuple):
    """A line of the table of contents.

    Attributes:
        number: its number in this archive.
        line: as ``pg_restore --list`` writes it.
        kind: such as ``MATERIALIZED VIEW DATA``; empty for one that is not known.
        depends: the numbers of the entries that must come before it.
    """

    number: int
    line: str
    kind: str
    depends: frozenset[int]

    @property
    def label(self) -> str:
        """Its kind, schema and name."""
        match = LINE.match(self.line)
        return match[2].rpartition(" ")[0] if match else self.line


def read(programs: Programs, archive: Path) -> list[Entry]:
    """Return the entries in the order in which they are restored.

    Raises:
        RestoreError: it is no archive of pg_dump.
    """
    done = subprocess.run(  # noqa: S603 (no shell)
        programs.command("pg_restore", "--list", "--verbose", str(archive)), capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise RestoreError(f"{archive} is no archive of pg_dump, or is of a newer version: {reason(done.stderr)}")
    entries: list[Entry] = []
    for line in done.stdout.splitlines():
        if match := LINE.match(line):
            kind = next((kind for kind in KINDS if match[2].startswith(f"{kind} ")), "")
            entries.append(Entry(int(match[1]), line, kind, frozenset()))
        elif line.startswith(DEPENDS_ON) and entries:
            numbers = frozenset(int(number) for number in line.removeprefix(DEPENDS_ON).split())
            entries[-1] = entries[-1]._replace(depends=numbers)
    return [entry for entry in entries if entry.kind not in SESSION]


@contextmanager
def listed(lines: Sequence[str]) -> Iterator[str]:
    """Yield the option that makes pg_restore take these lines of the table of contents only."""
    with tempfile.NamedTemporaryFile("w", prefix="app_schema-", suffix=".list", encoding="utf-8") as chosen:
        chosen.write("\n".join(lines))
        chosen.flush()
        yield f"--use-list={chosen.name}"


def statement(programs: Programs, archive: Path, entry: Entry, *arguments: str) -> str:
    """Return the SQL of an entry, without rows and without what may be a password."""
    if entry.kind in SECRET:
        return "-- not shown, since it may hold a password"
    with (
        listed([entry.line]) as chosen,
        subprocess.Popen(  # noqa: S603 (no shell)
            programs.command("pg_restore", "--file=-", *arguments, chosen, str(archive)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
        script = process.stdout.read(BEGINNING_BYTES if entry.kind == DATA else -1).decode(errors="replace")
        process.kill()  # it may have gigabytes left to write
    if entry.kind == DATA:
        copy = COPY.search(script)
        return copy[0] if copy else f"-- rows of {entry.label}"
    body = HEADING.split(script, maxsplit=1)[-1]
    return body.split(ENDING)[0].strip()

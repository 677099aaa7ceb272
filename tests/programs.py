"""PostgreSQL's own programs, as a person would run them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL

ROOT = Path(__file__).parents[1]


class Programs(NamedTuple):
    """A server and the folder of its programs."""

    url: URL
    folder: Path

    def dump(self, url: URL, schema: str, *, rows: bool = False) -> str:
        """Everything in a schema but its rows and alembic_version, or with them, as pg_dump writes it."""
        pattern = '"' + schema.replace('"', '""') + '"'
        arguments = [f"--schema={pattern}"]
        if rows:
            return self._run("pg_dump", url, *arguments)
        arguments += ["--schema-only", f"--exclude-table={pattern}.alembic_version*"]
        return "".join(
            line for line in self._run("pg_dump", url, *arguments).splitlines(keepends=True) if not line.startswith(("\\", "--"))
        )

    def psql(self, url: URL, sql: str) -> str:
        return self._run("psql", url, "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--tuples-only", "--no-align", stdin=sql)

    def _run(self, name: str, url: URL, *arguments: str, stdin: str | None = None) -> str:
        # the password goes by the environment: a command line can be read by anybody on the machine
        place = {"PGHOST": url.query["host"], "PGUSER": url.username, "PGPASSWORD": url.password, "PGDATABASE": url.database}
        done = subprocess.run(
            [self.folder / name, *arguments], input=stdin, env=os.environ | place, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def alembic(url: URL | str | None, *arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the plain ``alembic`` command, as a developer does in a checkout."""
    text = url.render_as_string(hide_password=False) if isinstance(url, URL) else url
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=cwd,
        env=os.environ | ({"DATABASE_URL": text} if text else {}) | environment,
        text=True,
        capture_output=True,
        check=False,
    )

"""Files of a server: read by the server itself, or on its own machine with the rights of its account."""

from __future__ import annotations

import os
import socket
import subprocess
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.errors import UndefinedFile
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_schema.embedded import process
from app_schema.embedded.account import ROOT

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause

READ = text("SELECT pg_read_binary_file(:path)")
LIST = text("SELECT pg_ls_dir(:path)")


class ServerFiles:
    """Reads files and folders of the server behind ``connection``, in its transaction.

    Every method raises ``FileNotFoundError`` when there is none, and ``PermissionError`` when neither this role may have the
    server read it nor this process may; the text says why.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, path: str) -> bytes:
        """Return what is in a file."""
        try:
            return bytes(self._ask(READ, path)[0])
        except PermissionError:
            return self._run("cat", path)

    def names(self, path: str) -> list[str]:
        """Return the names in a folder, sorted."""
        try:
            return sorted(self._ask(LIST, path))
        except PermissionError:
            return sorted(os.fsdecode(name) for name in self._run("ls", path).splitlines())

    def _ask(self, query: TextClause, path: str) -> list[Any]:
        try:
            with self._connection.begin_nested():
                return list(self._connection.scalars(query, {"path": path}).all())
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            if isinstance(error.orig, UndefinedFile):
                raise FileNotFoundError(path) from None
            raise PermissionError(str(error.orig).partition("\n")[0]) from None

    def _run(self, program: str, path: str) -> bytes:
        owner = self._owner
        if owner is None:
            raise PermissionError("this role may not read files of the server, which runs on another machine or out of sight")
        # a server must not have root read for it what it could not read itself
        rights: dict[str, Any] = {"user": owner[0], "group": owner[1], "extra_groups": []} if os.geteuid() == ROOT else {}
        done: subprocess.CompletedProcess[bytes] = subprocess.run(  # noqa: S603 (no shell)
            [f"/bin/{program}", "--", path],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            cwd="/",
            env={"LC_ALL": "C"},
            **rights,
        )
        if done.returncode:
            why = os.fsdecode(done.stderr).strip().rpartition(": ")[2]
            raise (FileNotFoundError(path) if why == "No such file or directory" else PermissionError(why))
        return done.stdout

    @cached_property
    def _owner(self) -> tuple[int, int] | None:
        """The account of the server if it runs on this machine, which a port on loopback does not tell: it may be forwarded.

        The process that serves this connection must be here, with the port of our own end in its title.
        """
        connection = self._connection.connection.driver_connection
        assert isinstance(connection, psycopg.Connection)  # noqa: S101 (connect_to makes no other)
        pid = connection.info.backend_pid
        with socket.socket(fileno=os.dup(connection.fileno())) as ours:
            peer = "[local]" if ours.family is socket.AF_UNIX else f"({ours.getsockname()[1]})"
        folder = Path(f"/proc/{pid}")
        try:
            title = (folder / "cmdline").read_bytes().decode(errors="replace")
            facts = folder.stat()
        except OSError:
            return None
        return (facts.st_uid, facts.st_gid) if peer in title and process.is_postgres(pid) else None

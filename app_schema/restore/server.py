"""A restored cluster as a server that keeps to itself."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 (of a dataclass)
from typing import TYPE_CHECKING

from sqlalchemy import URL, text

from app_schema.backup import chain
from app_schema.backup.folder import Folder  # noqa: TC001 (of a dataclass)
from app_schema.embedded import launch, private, sockets
from app_schema.embedded.account import Account  # noqa: TC001 (of a dataclass)
from app_schema.embedded.binaries import Binaries  # noqa: TC001 (of a dataclass)
from app_schema.embedded.postmaster import Postmaster
from app_schema.engine import connect_to
from app_schema.errors import EmbeddedServerError, RestoreError
from app_schema.physical import parameters
from app_schema.physical.layout import DATA
from app_schema.restore import isolation, pages

if TYPE_CHECKING:
    from app_schema.restore.plan import Plan

LOG = "restore.log"  # in the backup folder, of the last server that did not come back
PREPARED = text("SELECT count(*) FROM pg_prepared_xacts")


@dataclass(frozen=True)
class Server:
    """The restored cluster as a server; ``folder``, that of the backups, keeps its log if it does not come back."""

    home: Path
    folder: Folder
    binaries: Binaries
    account: Account

    @property
    def _data(self) -> Path:
        return self.home / DATA

    def recover(self, way: Plan) -> tuple[str, ...]:
        """Replay the WAL up to the target, and begin a new timeline; return what there is to know of it, a line each.

        Raises:
            RestoreError: the server did not come back; the line names its log, which is kept in the backup folder.
        """
        private.write(self.home / "password", secrets.token_urlsafe(32))  # of an embedded home; here nobody asks for it
        if not (self._data / "postgresql.conf").exists():  # it was elsewhere, and could not be read
            private.write(self._data / "postgresql.conf", "", self.account)
        self._isolate(isolation.recovery(way))
        raised = self._too_low(way)
        isolation.keep(self._data, self.account, raised)
        self._launch()  # which syncs every file first, as after any crash
        self._isolate()
        notes = tuple(f"{name} was raised to {value} in postgresql.auto.conf, as the WAL needs it" for name, value in raised.items())
        with connect_to(self.url(way)) as connection:
            prepared = connection.scalar(PREPARED)
        if prepared:
            noun = "transaction is" if prepared == 1 else "transactions are"
            notes += (f"{prepared} prepared {noun} pending and may hold locks: see pg_prepared_xacts, and commit or roll back each",)
        return notes

    def check(self, way: Plan) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Run amcheck, then stop, compare every page with its checksum if there are any, and start again; what was not proved is a note."""
        bad, notes = pages.amcheck_all(way.programs, self.url(way))
        if not chain.place(way.backup).checksums:
            return bad, (*notes, pages.NO_CHECKSUMS)
        self.stop()
        bad += pages.checksums(self._data, self.binaries, self.account)
        self._launch()
        return bad, notes

    def url(self, way: Plan) -> URL:
        """Return the address of its first superuser."""
        superuser = chain.place(way.backup).superuser
        return URL.create("postgresql+psycopg", superuser, database="postgres", query={"host": str(self.home / "run")})

    def stop(self) -> None:
        """Stop it, if it runs."""
        postmaster = Postmaster.read(self._data)
        if postmaster:
            launch.end(postmaster)

    def _isolate(self, more: dict[str, str] | None = None) -> None:
        folder = sockets.choose_folder(self.home, self.account)
        private.write(folder / "pg_hba.conf", isolation.HBA, self.account)
        isolation.write(self._data, folder, self.account, more)

    def _too_low(self, way: Plan) -> dict[str, str]:
        """Return the settings that recovery needs to be higher than the restored configuration says, with the values that it needs."""
        needed = parameters.highest(parameters.of_data(way.programs, self._data), way.needed)
        return {name: value for name, value in needed.items() if (now := self._setting(name)) and parameters.is_lower(name, now, value)}

    def _setting(self, name: str) -> str | None:
        """Return what the configuration says, None if it cannot be read: then the server will not start, and says why."""
        done = self.account.run([self.binaries.folder / "postgres", "-D", self._data, "-C", name], env=self.binaries.env)
        return None if done.returncode else done.stdout.strip()

    def _launch(self) -> None:
        log = self.home / "log"
        try:
            launch.launch(self._data, log, self.binaries, self.account, recovering=True)
        except EmbeddedServerError as error:
            raise RestoreError(f"the cluster did not come back: {error}".replace(str(log), str(self._keep(log)))) from None

    def _keep(self, log: Path) -> Path:
        """Copy the log into the backup folder, where it replaces that of the last one, and return its path there."""
        handle = os.open(log, os.O_RDONLY | os.O_NOFOLLOW)
        with open(handle, "rb") as source, self.folder.draft(f"{LOG}.{secrets.token_hex(4)}") as draft:  # noqa: PTH123 (a handle)
            shutil.copyfileobj(source, draft.file)
            draft.keep(LOG)
        return self.folder.path / LOG

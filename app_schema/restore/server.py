"""A restored cluster as a server that keeps to itself."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 (of a dataclass)
from typing import TYPE_CHECKING

from sqlalchemy import URL

from app_schema.backup import chain
from app_schema.embedded import launch, private, sockets
from app_schema.embedded.account import Account  # noqa: TC001 (of a dataclass)
from app_schema.embedded.binaries import Binaries  # noqa: TC001 (of a dataclass)
from app_schema.embedded.postmaster import Postmaster
from app_schema.errors import EmbeddedServerError, RestoreError
from app_schema.physical.layout import DATA
from app_schema.restore import isolation, pages

if TYPE_CHECKING:
    from app_schema.restore.plan import Plan


@dataclass(frozen=True)
class Server:
    """The restored cluster as a server."""

    home: Path
    binaries: Binaries
    account: Account

    @property
    def _data(self) -> Path:
        return self.home / DATA

    def recover(self, way: Plan) -> None:
        """Replay the WAL up to the target, and begin a new timeline."""
        private.write(self.home / "password", secrets.token_urlsafe(32))  # of an embedded home; here nobody asks for it
        if not (self._data / "postgresql.conf").exists():  # a distribution keeps it elsewhere
            private.write(self._data / "postgresql.conf", "", self.account)
        self._isolate(isolation.recovery(way))
        self._launch()  # which syncs every file first, as after any crash
        self._isolate()

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

    def _launch(self) -> None:
        try:
            launch.launch(self._data, self.home / "log", self.binaries, self.account, recovering=True)
        except EmbeddedServerError as error:
            raise RestoreError(f"the cluster did not come back: {error}") from None

"""Whether this machine has the programs that bring a cluster back.

A restore looks for all of them before it copies anything, and whoever takes or fetches a backup is told what is missing,
so that nothing is found missing at the end of a long copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.backup.names import major_version
from app_schema.embedded.binaries import Binaries
from app_schema.errors import EmbeddedServerError, ProgramMissing
from app_schema.physical.base import programs_for

if TYPE_CHECKING:
    from app_schema.backup.entry import Entry

PROVE = ("pg_verifybackup", "pg_waldump")  # a backup and its WAL
CHECK = ("pg_amcheck", "pg_checksums")  # what came back
COMBINE = "pg_combinebackup"


def check(entry: Entry) -> Binaries:
    """Return the server's own programs that a base or an incremental is restored with.

    Raises:
        ProgramMissing: some are not on this machine; the line names the package to install.
    """
    major = major_version(entry.server_version)
    combine = (COMBINE,) if entry.physical and entry.physical.parent else ()
    programs = programs_for(entry, *PROVE, *CHECK, *combine)
    try:
        return Binaries.look(programs.folder) or Binaries.find(None, major)  # a package of clients has no server
    except EmbeddedServerError:
        raise ProgramMissing(f"the server of PostgreSQL {major} is needed to restore {entry.id}: install postgresql-{major}") from None

"""An entry of the catalogue: what a backup is, how it was taken, and what was proved of it since.

It is the contract between dumps, base backups and the monitor. Version 1; times are UTC, sizes bytes.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Literal, Self

from pydantic import ValidationError

from app_schema.backup import names
from app_schema.backup.event import Acceptance, Drill, Upload, Verification  # noqa: TC001
from app_schema.backup.holding import Part, Physical  # noqa: TC001 (pydantic reads the annotations)
from app_schema.backup.names import Kind as Kind  # noqa: PLC0414, TC001 (a part of the contract)
from app_schema.backup.record import Moment, Record
from app_schema.errors import BackupDamaged

VERSION: Literal[1] = 1
NO_CHECKSUMS = (
    "the cluster has no data checksums, so nobody notices when the disk damages a page:"
    " stop the server, run pg_checksums --enable, and take a new base"
)
SINCE = {"verified", "drills", "uploads", "accepted", "mac"}  # fields of an entry that change
PASSWORDS = "passwords of roles: "  # how the line begins that says that a snapshot lacks them


class Entry(Record):
    """One backup.

    Attributes:
        id: ``<time>-<kind>-<four hex digits>``; entry and files are named after it.
        started, finished: when the backup ran; what it holds is as of ``started`` or a moment later.
        server: where from, without user or password.
        system_identifier: of the cluster it was taken from; None of a base backup, whose ``physical`` has it, and where it was not told.
        rescued: whether that was a copy made by ``restore cluster`` that had not taken its source's place: never the latest.
        encryption: ``gpg``, ``age`` or None.
        mac: the seal of what was :meth:`taken` (see :mod:`.seal`); None where the machine that took it had no key.
    """

    version: Literal[1] = VERSION
    id: str
    kind: Kind
    started: Moment
    finished: Moment
    server: str
    system_identifier: str | None = None
    rescued: bool = False
    server_version: str
    client_version: str
    compression: str
    encryption: str | None = None
    parts: tuple[Part, ...]
    missing: tuple[str, ...] = ()
    physical: Physical | None = None
    verified: tuple[Verification, ...] = ()
    drills: tuple[Drill, ...] = ()
    uploads: tuple[Upload, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    mac: str | None = None

    @property
    def size(self) -> int:
        """What it takes on the disk, in bytes."""
        return sum(part.bytes for part in self.parts)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.finished - self.started).total_seconds()

    @property
    def databases(self) -> tuple[str, ...]:
        """The names of the databases in it."""
        return tuple(part.database.name for part in self.parts if part.database)

    @property
    def damaged(self) -> str | None:
        """What the last verification found wrong."""
        return self.verified[-1].error if self.verified else None

    @property
    def failed_drill(self) -> Drill | None:
        """The drill that failed, unless one at least as thorough has passed since: a quick one does not end a full one's failure."""
        failed: Drill | None = None
        for drill in sorted(self.drills, key=lambda each: each.at):
            if failed is None or failed.quick or not drill.quick:
                failed = None if drill.passed else drill
        return failed

    @property
    def left_out(self) -> tuple[str, ...]:
        """What could not be included, in any part."""
        return self.missing + tuple(line for part in self.parts if part.database for line in part.database.missing)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a backup of a cluster cannot prove or bring back, a line each with its cure; it is a good backup all the same."""
        if self.physical is None:
            return ()
        return (() if self.physical.checksums else (NO_CHECKSUMS,)) + self.physical.unread

    @property
    def system(self) -> str | None:
        """The system identifier of the cluster it was taken from, None where it is not known."""
        return self.physical.system_identifier if self.physical else self.system_identifier

    @property
    def status(self) -> str:
        """``complete``, ``partial`` (something could not be included) or ``damaged``.

        Passwords of roles are no part of any database: a snapshot without them restores every one of its databases whole.
        """
        return "damaged" if self.damaged else "partial" if any(not line.startswith(PASSWORDS) for line in self.left_out) else "complete"

    @property
    def passwords(self) -> bool:
        """Whether what it holds of roles has their passwords; True if it holds no roles."""
        return not any(line.startswith(PASSWORDS) for line in self.missing)

    def summary(self) -> dict[str, Any]:
        """Return it as ``backup list --json`` prints it: all fields, and what follows from them."""
        derived = {"status": self.status, "bytes": self.size, "seconds": self.seconds, "databases": self.databases}
        return self.model_dump(mode="json") | derived

    def taken(self) -> bytes:
        """Return what is never changed once the backup was taken, for a seal over it; what was found and done since is not in it."""
        facts = self.model_dump(mode="json", exclude_defaults=True, exclude=SINCE)
        return _canonical(facts | {"version": self.version})

    def sealed(self) -> bytes:
        """Return it as stored: JSON with a seal over the rest, so that an edit shows."""
        facts = self.model_dump(mode="json", exclude_defaults=True) | {"version": self.version}
        return json.dumps(facts | {"seal": _seal(facts)}, ensure_ascii=False, indent=1).encode() + b"\n"

    @classmethod
    def unsealed(cls, stored: bytes, entry_id: str) -> Self:
        """Read what :meth:`sealed` wrote.

        Args:
            stored: the bytes of the file or object.
            entry_id: the id that its name says.

        Raises:
            BackupDamaged: it is not JSON, was edited or damaged, is of a newer version of app_schema, or names what no backup
                names (see :mod:`.names`).
        """
        try:
            facts = json.loads(stored)
            seal = facts.pop("seal")
            version = facts["version"]
            fits = seal == _seal(facts)
            json.dumps(facts, ensure_ascii=False).encode()  # half a surrogate pair can be read, and neither written nor printed
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            raise BackupDamaged("cannot be read: it is no entry of this catalogue, or was cut off") from None
        if version != VERSION:
            raise BackupDamaged(f"is of version {version} and this app_schema reads version {VERSION}: upgrade app_schema")
        if not fits:
            raise BackupDamaged("was edited or damaged: its seal does not fit; a dump's file can still be restored by its path, unproved")
        try:
            entry = cls.model_validate(facts)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            field = ".".join(str(step) for step in first["loc"])
            raise BackupDamaged(f"does not fit version {VERSION}: {field!r} is missing or wrong; use another backup") from None
        names.check(entry, entry_id)
        return entry


def _seal(facts: dict[str, Any]) -> str:
    return sha256(_canonical(facts)).hexdigest()


def _canonical(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()

"""An entry of the catalogue: what a backup is, how it was taken, and what was proved of it since.

It is the contract between dumps, base backups and the monitor. Version 1; times are UTC, sizes bytes.
"""

from __future__ import annotations

import json
from datetime import datetime  # noqa: TC003 (pydantic reads the annotation)
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app_schema.backup import names
from app_schema.backup.names import Kind as Kind  # noqa: PLC0414 (a part of the contract)
from app_schema.errors import BackupDamaged

VERSION: Literal[1] = 1
NO_CHECKSUMS = (
    "the cluster has no data checksums, so nobody notices when the disk damages a page:"
    " stop the server, run pg_checksums --enable, and take a new base"
)
SINCE = {"verified", "drills", "uploads", "accepted", "mac"}  # fields of an entry that change
PASSWORDS = "passwords of roles: "  # how the line begins that says that a snapshot lacks them


def _within_reach(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return moment


FIRST_YEAR, LAST_YEAR = 1990, 2200  # in any time zone these can be shown
Moment = Annotated[AwareDatetime, AfterValidator(_within_reach)]
Count = Annotated[int, Field(ge=0, lt=1 << 64)]
Seconds = Annotated[float, Field(ge=0, lt=1 << 32, allow_inf_nan=False)]


class Record(BaseModel):
    """Immutable; a field that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TableProof(Record):
    """What a table held.

    Attributes:
        rows: how many; None when they were not counted.
        hash: of all rows, whatever their order; None when they were not hashed.
        partitions: by qualified name; their rows count here.
        dependents: the names of its indexes, extended statistics and sequences, and of those of its partitions.
        columns: of a table that inherits, in the order in which they were hashed.
    """

    rows: Count | None = None
    hash: str | None = None
    partitions: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


class Proof(Record):
    """What a database held in the snapshot that was dumped.

    Attributes:
        tables: by qualified name, ``schema.table``; partitions count with their parent.
        catalog: by schema and kind of object, a digest of every definition (see ``drift.catalog``).
        names: by schema and kind of object, a digest of the objects' names.
        fingerprint: the version of ``catalog``: 1 has no ``names``, counts parentheses and what some servers keep for themselves
            in a column's options, and has no kind of its own for owners.
    """

    tables: dict[str, TableProof]
    catalog: dict[str, dict[str, str]] = {}
    names: dict[str, dict[str, str]] = {}
    fingerprint: int = 1


class Database(Record):
    """A database as it was, and what a restore needs of the server it goes to.

    Attributes:
        locale: the clauses of CREATE DATABASE, such as ``LC_COLLATE``, by name.
        revision: of the schema ``APP_SCHEMA_SCHEMA``, None when it was never migrated.
        roles: the owners and grantees in it, which the server of a restore must have.
        missing: what this user could not include, a line each; empty for a whole backup.
        search_path: of a new session; None for PostgreSQL's default, and in backups taken before it was recorded.
        warnings: what in it will not restore as it is, a line each.
    """

    name: str
    locale: dict[str, str] = {}
    revision: str | None = None
    roles: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    search_path: str | None = None
    warnings: tuple[str, ...] = ()
    proof: Proof | None = None


class Part(Record):
    """One file of a backup, or for a base backup its folder.

    Attributes:
        file: its name in the backup folder.
        bytes: its size as stored.
        sha256: of the file as stored; of a folder, that of its ``backup_manifest``, which holds those of the rest.
        plain_bytes: the size before encryption; None when it is not encrypted.
        plain_sha256: likewise.
        database: what it holds; None for the roles of a snapshot, and for a base backup.
    """

    file: str
    bytes: Count
    sha256: str
    plain_bytes: Count | None = None
    plain_sha256: str | None = None
    database: Database | None = None


class ConfigurationFile(Record):
    """A configuration file as it was: ``path`` is where the server read it, ``bytes`` and ``sha256`` are those of its content."""

    path: str
    bytes: Count
    sha256: str


class Configuration(Record):
    """The configuration that a server keeps outside its data directory, as Debian's packages do.

    Attributes:
        data_directory: where the data directory was.
        config_file, hba_file, ident_file: where the server read them; the data directory may hold one or the other.
        files: those outside the data directory, and what they include.
        folders: those of ``include_dir``; one may be empty.
    """

    data_directory: str
    config_file: str
    hba_file: str
    ident_file: str
    files: tuple[ConfigurationFile, ...]
    folders: tuple[str, ...] = ()


class Physical(Record):
    """What a base backup or an incremental adds: its place in the chain and in the WAL.

    Attributes:
        parent: the id of the backup that an incremental adds to.
        start_lsn: where its recovery begins.
        stop_lsn: from where on it is consistent; up to here it holds the WAL itself.
        start_wal: the name of the segment of ``start_lsn``.
        checksums: whether the cluster's pages have them.
        superuser: the cluster's first one.
        consistent_at: the server's time after ``stop_lsn``.
        next_xid: the first transaction id, with its epoch, that was not yet given out by then.
        segment_bytes: the size of the cluster's WAL segments.
        configuration: what was taken from outside the data directory; None when there was nothing, or nothing could be read.
        unread: what of the configuration could not be read, a line each with its cure.
        wal: the SHA-256 of each file of WAL that it brings along, by name; empty in backups taken before it was recorded.
    """

    parent: str | None = None
    system_identifier: str
    timeline: Annotated[int, Field(ge=1, lt=1 << 32)]
    start_lsn: str
    stop_lsn: str
    start_wal: str
    checksums: bool
    superuser: str
    consistent_at: Moment
    next_xid: Count
    segment_bytes: Count
    configuration: Configuration | None = None
    unread: tuple[str, ...] = ()
    wal: dict[str, str] = {}


class Verification(Record):
    """A look at the stored bytes; ``error`` says what was wrong."""

    at: Moment
    error: str | None = None


class Drill(Record):
    """A restore for the sake of proof; ``seconds`` is the whole of it, to be held against the RTO."""

    at: Moment
    quick: bool
    seconds: Seconds
    differences: tuple[str, ...] = ()
    error: str | None = None

    @property
    def passed(self) -> bool:
        """Whether what came back was what was taken."""
        return self.error is None and not self.differences


class Acceptance(Record):
    """Somebody took a restored database although definitions in it differ; every row was as taken.

    Attributes:
        database: the name that the restored database was given.
        differences: of its definitions from what was taken, a line each.
    """

    at: Moment
    database: str
    differences: tuple[str, ...]


class Upload(Record):
    """A copy elsewhere, its checksum read back."""

    at: Moment
    url: str
    versioning: bool
    server_side_encryption: str | None


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
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            raise BackupDamaged("cannot be read: it is no entry of this catalogue, or was cut off") from None
        if version != VERSION:
            raise BackupDamaged(f"is of version {version} and this app_schema reads version {VERSION}: upgrade app_schema")
        if seal != _seal(facts):
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

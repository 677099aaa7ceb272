"""What a backup holds: its files, the databases in them with their proofs, and a cluster's place in the WAL."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app_schema.backup.record import Count, Moment, Record


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
    catalog: dict[str, dict[str, str]] = Field(default_factory=dict)
    names: dict[str, dict[str, str]] = Field(default_factory=dict)
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
    locale: dict[str, str] = Field(default_factory=dict)
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
    wal: dict[str, str] = Field(default_factory=dict)

"""What a physical backup needs of the server, and the exact setting that is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from app_schema.backup.taking import major
from app_schema.engine import quoted
from app_schema.errors import ServerUnsuitable

if TYPE_CHECKING:
    from sqlalchemy import Connection

INCREMENTALS = 17  # the first version that has them
FACTS = text("""
    SELECT current_user AS role, rolsuper OR rolreplication AS may_replicate, name, current_setting(name, true) AS setting
    FROM pg_roles CROSS JOIN unnest(ARRAY[
        'wal_level', 'max_wal_senders', 'summarize_wal', 'max_slot_wal_keep_size'
    ]) AS name
    WHERE rolname = current_user
""")
SENDERS = 2  # a base backup streams its WAL beside its files


class _Facts(NamedTuple):
    role: str
    may_replicate: bool
    settings: dict[str, str]


def check_base(connection: Connection) -> None:
    """Whether a base backup can be taken that is worth something.

    Raises:
        ServerUnsuitable: a right or a setting is missing; the line names all of them, each with its cure.
    """
    _refuse("a base backup", _missing_always(_facts(connection)))


def check_incremental(connection: Connection) -> None:
    """Whether an incremental can be taken; errors as for :func:`check_base`."""
    version = major(connection)
    if version < INCREMENTALS:
        raise ServerUnsuitable(
            f"PostgreSQL {version} has no incremental backups (17 has): take app-schema backup base more often,"
            " and keep app-schema backup wal running, which restores to any moment in between"
        )
    facts = _facts(connection)
    missing = _missing_always(facts)
    if facts.settings["summarize_wal"] != "on":
        missing.append("summarize_wal is off: ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf(); then take a new base")
    _refuse("an incremental backup", missing)


def check_wal(connection: Connection) -> None:
    """Whether WAL can be received through a slot that cannot fill the server's disk; errors as for :func:`check_base`."""
    facts = _facts(connection)
    missing = _missing_always(facts)
    if facts.settings["max_slot_wal_keep_size"] == "-1":
        missing.append(
            "max_slot_wal_keep_size is -1, so that a receiver that is away would fill the server's disk:"
            " ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf()"
        )
    _refuse("receiving WAL", missing)


def _facts(connection: Connection) -> _Facts:
    rows = connection.execute(FACTS).all()
    return _Facts(rows[0].role, rows[0].may_replicate, {row.name: row.setting for row in rows})


def _missing_always(facts: _Facts) -> list[str]:
    settings, missing = facts.settings, []
    if not facts.may_replicate:
        missing.append(f"the replication right: ALTER ROLE {quoted(facts.role)} REPLICATION")
    if settings["wal_level"] == "minimal":
        missing.append("wal_level is minimal: ALTER SYSTEM SET wal_level = replica, then restart the server")
    if int(settings["max_wal_senders"]) < SENDERS:
        missing.append(f"max_wal_senders is {settings['max_wal_senders']}: ALTER SYSTEM SET max_wal_senders = 10, then restart the server")
    return missing


def _refuse(what: str, missing: list[str]) -> None:
    if missing:
        raise ServerUnsuitable(f"{what} needs: {'; '.join(missing)}")

"""Drive Alembic from Python; ``migrations/env.py`` holds the rules of a run.

Alembic and the models are imported by what needs them: most commands only ask which revision a schema is at.
"""

from __future__ import annotations

import re
import threading
import traceback
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import func, select, text

from app_schema.assets import directory
from app_schema.engine import quoted, verbatim
from app_schema.errors import DriftFound, MigrationError, RevisionUnknown, RoleMissing
from app_schema.preflight import check_revision

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine
    from sqlalchemy.exc import DBAPIError

WAIT_SECONDS = 300.0
INSUFFICIENT_PRIVILEGE = "42501"
LOCK_NOT_AVAILABLE = "55P03"
ONE_AT_A_TIME = threading.Lock()  # alembic.op and alembic.context belong to the whole process
REVISION = re.compile(r"""^revision(?:: str)? = ["']([^"']+)["']""", re.MULTILINE)
PARTITION = re.compile(r"(?P<parent>\w+)_(?:default|y\d{4}m\d{2})")


def upgrade(database: Engine | Connection, revision: str = "head", *, schema: str = "public", wait: float = WAIT_SECONDS) -> None:
    """Bring ``schema`` to ``revision``, each revision in a transaction of its own; threads of a process take turns.

    Args:
        database: an engine, or a connection that is in no transaction.
        revision: ``head``, an id such as ``0007``, or ``+1``.
        schema: the PostgreSQL schema; made when missing.
        wait: seconds to wait for another migrator.

    Raises:
        ServerUnsuitable: too old, not UTF-8, read-only.
        RevisionUnknown: the database is ahead of this code.
        MigratorBusy: another migrator is still at it.
        MigrationError: a revision failed; it was rolled back, those before it stay.
    """
    _run("upgrade", _config(database, schema, wait), revision)


def downgrade(database: Engine | Connection, revision: str, *, schema: str = "public", wait: float = WAIT_SECONDS) -> None:
    """Take ``schema`` back to ``revision`` (``base`` leaves only ``alembic_version``); errors as for :func:`upgrade`."""
    _run("downgrade", _config(database, schema, wait), revision)


def script(*, schema: str = "public") -> str:
    """Return the SQL of all revisions, as ``alembic upgrade head --sql`` prints it; touches no server."""
    from alembic import command  # noqa: PLC0415

    config = _config(None, schema, 0)
    config.output_buffer = StringIO()
    command.upgrade(config, "head", sql=True)
    return config.output_buffer.getvalue()


def check(connection: Connection, *, schema: str = "public") -> None:
    """Compare the database with what models and migrations declare.

    Raises:
        RevisionUnknown: it was migrated by newer code.
        DriftFound: it is not at head, or something in it differs.
    """
    from app_schema import drift  # noqa: PLC0415
    from app_schema.models import metadata  # noqa: PLC0415

    check_revision(heads(connection, schema=schema), revisions())
    found = current(connection, schema=schema)
    if found != head():
        raise DriftFound(f"schema {schema} is at revision {found or 'none'}, not at {head()}: run app-schema db upgrade")
    drift.check(connection, metadata, schema)


def current(connection: Connection, *, schema: str = "public") -> str | None:
    """Return the revision that ``schema`` is at, or None when nothing was ever migrated there."""
    return ", ".join(heads(connection, schema=schema)) or None


def heads(connection: Connection, *, schema: str) -> list[str]:
    """Return the revisions in ``schema``'s ``alembic_version``, an empty list without such a table."""
    table = f"{quoted(schema)}.alembic_version"
    if connection.scalar(select(func.to_regclass(table))) is None:
        return []
    return sorted(connection.scalars(verbatim(f"SELECT version_num FROM {table}")))  # noqa: S608 (a quoted identifier)


def head() -> str:
    """Return the newest revision that this version of the package knows."""
    return max(revisions())


def revisions() -> set[str]:
    """Return every revision that this version of the package knows; their ids sort by age."""
    texts = [path.read_text(encoding="utf-8") for path in (directory("migrations") / "versions").glob("*.py")]
    return {match[1] for text in texts if (match := REVISION.search(text))}


def is_partition(table: str) -> bool:
    """Tell a partition (``logs_y2026m11``, ``logs_default``) from a table of its own."""
    from app_schema.models import metadata  # noqa: PLC0415

    match = PARTITION.fullmatch(table)
    return match is not None and match["parent"] in metadata.tables


def explained(error: DBAPIError, connection: Connection) -> MigrationError:
    """Turn a database error of a revision into one line that says what stands and what to do."""
    message = str(error.orig).strip()
    if getattr(error.orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE:
        if "CREATE ROLE" in message:
            return RoleMissing(message)
        user = connection.scalar(text("SELECT current_user"))
        message += f"; connect as the owner of the database, or let its owner grant user {user} CREATE"
    elif getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
        message += "; another session holds a lock that it needs (pg_stat_activity, pg_locks): try again when it is done"
    else:
        message += "; mend that and upgrade again"
    revision = _revision_in(error)
    if revision is None:
        return MigrationError(message)
    if "CONCURRENTLY" in str(error.statement).upper():  # outside a transaction: nothing rolls back
        return MigrationError(f"{revision} failed and may have left an invalid index; upgrading again replaces it: {message}")
    return MigrationError(f"{revision} failed and was rolled back, the revisions before it stay: {message}")


def _revision_in(error: BaseException) -> str | None:
    frames = (Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__))
    return next((f"revision {path.stem}" for path in frames if path.parent.name == "versions"), None)


def _config(database: Engine | Connection | None, schema: str, wait: float) -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(directory("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=database, schema=schema, wait=wait)
    return config


def _run(verb: Literal["upgrade", "downgrade"], config: Config, revision: str) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        with ONE_AT_A_TIME:
            getattr(command, verb)(config, revision)
    except CommandError as error:
        raise RevisionUnknown(f"{error}; app-schema db current shows where the database is, {head()} is the newest revision") from error

"""Alembic asks: which connection, which schema, which rules.

``alembic -x schema=NAME -x wait=SECONDS …``; Python callers hand over ``connection`` (an Engine or
a Connection), ``schema`` and ``wait`` in ``config.attributes`` (see ``app_schema.migrate``).
"""

import math
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging.config import fileConfig
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, Engine, TypeDecorator, func, select
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.exc import DBAPIError, OperationalError

from app_schema import drift
from app_schema.engine import connect, literal, quoted, require_session, verbatim
from app_schema.errors import AppSchemaError, MigrationError, SettingsError
from app_schema.migrate import LOCK_NOT_AVAILABLE, WAIT_SECONDS, check, explained, heads, is_partition
from app_schema.models import metadata
from app_schema.objects import LOCK_TIMEOUT
from app_schema.preflight import check_encoding, check_revision, check_server
from app_schema.settings import Settings, validate_schema
from app_schema.transactions import OWN_SEARCH_PATH
from app_schema.turn import turn

LOCK_ATTEMPTS = 5
SESSION = (
    f"SET lock_timeout = '{LOCK_TIMEOUT}'",
    # Not the role's own limit, which suits requests; a revision that needs longer says so with SET LOCAL.
    "SET statement_timeout = '1h'",
    "SET idle_in_transaction_session_timeout = 0",
    "SET idle_session_timeout = 0",
)

RANDOM_ID = re.compile("[0-9a-f]{12}")  # what Alembic makes up when --rev-id says nothing
CHANGED = ("search_path", "lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout")

config = context.config
from_shell = config.cmd_opts is not None  # the `alembic` command, not alembic.command
if from_shell and config.config_file_name:
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def argument(name: str, default: Any) -> Any:
    """Take a setting from Python, else from ``-x``, else its default."""
    given = context.get_x_argument(as_dictionary=True).get(name)
    return config.attributes.get(name, default if given is None else given)


def schema_argument(settings: Settings) -> str:
    """Return the schema to work in."""
    try:
        return validate_schema(argument("schema", settings.schema_name))
    except ValueError as error:
        raise SettingsError(f"-x schema= {error}") from None


def wait_argument() -> float:
    """Return how many seconds to wait for another migrator."""
    try:
        wait = float(argument("wait", WAIT_SECONDS))
    except ValueError:
        wait = -1
    if not 0 <= wait < math.inf:
        raise SettingsError("-x wait= takes a number of seconds, for example -x wait=60")
    return wait


def migrating() -> bool:
    """Tell upgrade, downgrade and stamp from current, check and the like, which only look."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


def checking() -> bool:
    """Tell ``alembic check``."""
    return from_shell and config.cmd_opts is not None and config.cmd_opts.cmd[0].__name__ == "check"


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave partitions to partition maintenance."""
    return kind != "table" or name is None or not is_partition(name)


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write a column type of ours as what it is in the database: revisions never import the models."""
    if kind != "type" or not type(item).__module__.startswith("app_schema."):
        return False
    stored = item.impl_instance if isinstance(item, TypeDecorator) else item
    return f'postgresql.DOMAIN("{stored.name}", sa.Text(), create_type=False)' if isinstance(stored, DOMAIN) else f"sa.{stored!r}"


def number(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Give a new revision the next number, unless ``--rev-id`` chose another id."""
    for directive in directives:
        if RANDOM_ID.fullmatch(directive.rev_id):
            directive.rev_id = f"{int(context.script.get_current_head() or 0) + 1:04}"


def configure(**where: Any) -> None:
    """Tell Alembic the rules that hold for every run."""
    context.configure(
        target_metadata=metadata,
        transaction_per_migration=True,  # what autocommit_block() needs
        compare_server_default=True,
        include_name=include_name,
        render_item=render_item,
        process_revision_directives=number,
        # `alembic check` has asked for drift already, and told it better
        autogenerate_plugins=["alembic.autogenerate.*", *([] if checking() else [drift.PLUGIN])],
        **where,
    )


def entrance(schema: str) -> list[str]:
    """Return the statements that make ``schema`` the one that unqualified names mean."""
    # Not IF NOT EXISTS: that asks for the right to create before it looks.
    missing = f"to_regnamespace({literal(quoted(schema))}) IS NULL"
    return [
        f"DO $do$ BEGIN IF {missing} THEN CREATE SCHEMA {quoted(schema)}; END IF; END $do$",
        f"SET search_path TO {quoted(schema)}",
    ]


def run_offline(schema: str) -> None:
    """Print the SQL, for psql."""
    configure(dialect_name="postgresql", dialect_opts={"paramstyle": "named"}, literal_binds=True)
    with context.begin_transaction():
        for statement in (*SESSION, *entrance(schema)):
            context.execute(verbatim(statement))
        context.run_migrations()


def run_online(connection: Connection, schema: str, wait: float) -> None:
    """Migrate, or look, in ``schema``."""
    writing = migrating()
    check_server(connection, writing=writing)
    check_encoding(connection)
    for statement in SESSION:
        connection.execute(verbatim(statement))
    connection.commit()
    if not writing:
        enter(connection, schema, create=False)
        if checking():
            check(connection, schema=schema)  # says what differs, a line each, and exits 3
            connection.rollback()
        configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        return
    with turn(connection, schema, wait=wait):
        enter(connection, schema, create=True)
        migrate_with_patience(connection)


def enter(connection: Connection, schema: str, *, create: bool) -> None:
    """Make ``schema`` the connection's own, and refuse one that newer code has migrated."""
    for statement in entrance(schema)[0 if create else 1 :]:
        connection.execute(verbatim(statement))
    connection.dialect.default_schema_name = schema
    check_revision(heads(connection, schema=schema), {script.revision for script in context.script.walk_revisions()})
    connection.commit()


def migrate_with_patience(connection: Connection) -> None:
    """Run the revisions, each in its own transaction; begin again at the first one that met a lock."""
    for attempt in range(1, LOCK_ATTEMPTS + 1):
        configure(connection=connection)
        try:
            with context.begin_transaction():
                context.run_migrations()
        except OperationalError as error:
            connection.rollback()
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE or attempt == LOCK_ATTEMPTS:
                raise
            time.sleep(attempt)
        else:
            return


@contextmanager
def connection_to(given: Engine | Connection | None, settings: Settings) -> Iterator[Connection]:
    """Use the caller's connection and leave it as it was, or open one."""
    if isinstance(given, Connection):
        require_session(given)
        with unchanged(given):
            yield given
    elif given is not None:
        with given.connect() as connection:
            require_session(connection)
            connection.execution_options(**{OWN_SEARCH_PATH: True})
            schema = connection.dialect.default_schema_name
            try:
                yield connection
            finally:
                connection.invalidate()  # what is SET here must not wait in the pool for the next user
                given.dialect.default_schema_name = schema
    else:
        with connect(settings) as connection:
            yield connection


@contextmanager
def unchanged(connection: Connection) -> Iterator[None]:
    """Give a caller's connection its own settings back."""
    if connection.in_transaction():
        raise MigrationError("the connection is in a transaction, which a migration would commit; commit it or roll it back first")
    schema = connection.dialect.default_schema_name
    own_path = connection.get_execution_options().get(OWN_SEARCH_PATH, False)
    connection.execution_options(**{OWN_SEARCH_PATH: True})
    before = {name: connection.scalar(select(func.current_setting(name))) for name in CHANGED}
    connection.commit()
    try:
        yield
    finally:
        connection.dialect.default_schema_name = schema
        connection.execution_options(**{OWN_SEARCH_PATH: own_path})
        if not connection.invalidated:
            connection.rollback()
            connection.execute(select(*(func.set_config(name, value, False) for name, value in before.items())))  # noqa: FBT003 (SQL)
            connection.commit()


def main() -> None:
    """Run what the command asked for."""
    settings = Settings.from_env()
    schema, wait = schema_argument(settings), wait_argument()
    if context.is_offline_mode():
        run_offline(schema)
        return
    with connection_to(config.attributes.get("connection"), settings) as connection:
        try:
            run_online(connection, schema, wait)
        except DBAPIError as error:
            connection.rollback()
            raise explained(error, connection) from error


try:
    main()
except AppSchemaError as error:
    if not from_shell:
        raise
    print(f"error: {error}", file=sys.stderr)  # noqa: T201 (the alembic command knows no exit code but its own)
    sys.exit(error.exit_code)

"""What every transaction of an engine begins with: its schema, and READ ONLY in autocommit.

A pooler in transaction mode gives each transaction whichever server connection is free. A setting of the session would
stay on that connection for the next client, so nothing here is set for longer than a transaction, unless the connection
is known to be direct.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from psycopg import Error, OperationalError
from psycopg.pq import TransactionStatus
from psycopg.sql import Identifier, Literal
from sqlalchemy import event

from app_schema.errors import SessionRequired

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import ExceptionContext

LOOKS = 5
# An option of a connection: True leaves search_path to its user, as migrations do.
OWN_SEARCH_PATH = "app_schema_own_search_path"
DIRECT, PENDING, OPENED = "app_schema.direct", "app_schema.pending", "app_schema.opened"
CONTROL = re.compile(  # without possessive quantifiers, which Python 3.11 to 3.11.4 get wrong
    r"(?:\s|;|--[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE\s+TRANSACTION)\b",
    re.IGNORECASE | re.DOTALL,
)


def is_direct(connection: Connection) -> bool:
    """Tell whether a connection reaches the server itself: one query, in the transaction that is open or in one of its own.

    A pooler gives its clients cancellation keys of its own, so that the process that they name is not the one that answers.
    """
    began = not connection.in_transaction()
    answering = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    if began:
        connection.rollback()
    return bool(answering == _driver(connection).info.backend_pid)


def shares_sessions(connection: Connection) -> bool:
    """Tell whether a pooler lets two clients share one session, as in transaction mode; opens a second connection.

    Both are idle between their questions, when a pooler in transaction mode hands the server's connection on. In session
    mode each keeps its own. If there is no second connection to be had, the answer is yes.
    """
    pool = connection.engine.pool.recreate()
    try:
        other = pool.connect()
    except OperationalError:
        return True
    try:
        seen = [(_answering(_driver(connection)), _answering(other.dbapi_connection)) for _ in range(LOOKS)]
    except OperationalError:
        return True
    finally:
        other.invalidate()
        pool.dispose()
    return len(set(seen)) > 1 or len(set(seen[0])) == 1


def prepare(engine: Engine, schema: str | None, *, read_only: bool) -> None:
    """Let every transaction of ``engine`` begin in ``schema``, and be READ ONLY in autocommit, too.

    In autocommit behind a pooler each statement is sent in a transaction of its own. A direct connection has both as
    settings of its session besides, so that autocommit and raw connections work there as usual.

    Args:
        engine: its transactions are READ ONLY by its own execution options; this adds autocommit.
        schema: None leaves the server's ``search_path``.
        read_only: whether statements in autocommit may only read.
    """
    rules = _Rules(schema, read_only=read_only)
    event.listen(engine, "connect", rules.connected, insert=True)  # before SQLAlchemy asks for the default schema
    if schema is not None:
        event.listen(engine, "begin", rules.begun)
        event.listen(engine, "begin_twophase", rules.begun_in_two_phases)
    event.listen(engine, "before_cursor_execute", rules.executing)
    event.listen(engine, "after_cursor_execute", rules.executed)
    event.listen(engine, "handle_error", rules.failed)


class _Rules:
    def __init__(self, schema: str | None, *, read_only: bool) -> None:
        settings = []
        self._enter = ""
        if schema is not None:
            path = Identifier(schema).as_string()
            # SET LOCAL and not set_config: after a query, SET TRANSACTION would be refused
            self._enter = f"SET LOCAL search_path TO {path}"
            settings.append(f"set_config('search_path', {Literal(path).as_string()}, false)")
        if read_only:
            settings.append("set_config('default_transaction_read_only', 'on', false)")
        self._begin = f"BEGIN{' READ ONLY' if read_only else ''}; {self._enter}"
        self._session = f"SELECT {', '.join(settings)} WHERE pg_backend_pid() = "

    def connected(self, connection: Any, record: Any) -> None:
        autocommit, connection.autocommit = connection.autocommit, True
        cursor = connection.cursor()
        cursor.execute(f"{self._session}{connection.info.backend_pid}")  # see is_direct
        record.info[DIRECT] = cursor.fetchone() is not None
        cursor.close()
        connection.autocommit = autocommit

    def begun(self, connection: Connection) -> None:
        driver = _driver(connection)
        if driver.autocommit or _has_own_path(connection):
            return
        try:
            cursor = driver.cursor()  # past SQLAlchemy, whose part would be most of what this costs
            cursor.execute(self._enter)
            cursor.close()
        except Error:
            _run(connection, self._enter)  # fails likewise, as an error of SQLAlchemy, which then gives a broken connection up

    def begun_in_two_phases(self, connection: Connection, _xid: Any) -> None:
        connection.info[PENDING] = not _has_own_path(connection)  # psycopg begins it after this event

    def executing(self, connection: Connection, cursor: Any, statement: str, *_more: Any) -> None:
        if connection.info.pop(PENDING, False):
            _run(connection, self._enter)
        driver = _driver(connection)
        if not driver.autocommit or connection.info[DIRECT] or statement == self._begin:
            return
        if driver.info.transaction_status != TransactionStatus.IDLE:
            return
        if CONTROL.match(statement) or getattr(cursor, "name", None):
            raise SessionRequired(
                "behind a connection pooler, AUTOCOMMIT sends each statement of this engine in a transaction of its own:"
                " for transactions, savepoints and stream_results choose another isolation level"
            )
        _run(connection, self._begin)

    def executed(self, connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement == self._begin:
            connection.info[OPENED] = True
        elif connection.info.pop(OPENED, False):
            _driver(connection).commit()

    def failed(self, context: ExceptionContext) -> None:
        connection = context.connection
        if connection is not None and not connection.invalidated and connection.info.pop(OPENED, False):
            driver = _driver(connection)
            if not driver.closed:
                driver.rollback()


def _answering(driver: Any) -> int:
    autocommit, driver.autocommit = driver.autocommit, True
    cursor = driver.cursor()
    cursor.execute("SELECT pg_backend_pid()")
    pid = int(cursor.fetchone()[0])
    driver.autocommit = autocommit
    return pid


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _has_own_path(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get(OWN_SEARCH_PATH))


def _run(connection: Connection, statement: str) -> None:
    # without parameters psycopg takes a % as it is, and several statements
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True, "stream_results": False, "yield_per": None})

"""What would end the transaction that a test is undone with is refused, rather than found in the rows of the next test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from app_schema.errors import CommitRefused

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

OPTION = "app_schema_undone"
COMMITS = re.compile(r"\s*(commit|end|prepare\s+transaction)\b", re.IGNORECASE)  # a ROLLBACK too early leaves no row behind


def guarded(engine: Engine) -> Connection:
    """Open a connection that commits nothing."""
    if not event.contains(engine, "commit", _at_commit):
        event.listen(engine, "commit", _at_commit)
        event.listen(engine, "before_cursor_execute", _at_statement)
    return engine.connect().execution_options(**{OPTION: True})


def release(connection: Connection) -> None:
    """Let it commit after all: the database is kept to be looked at."""
    connection.execution_options(**{OPTION: False})


def _at_commit(connection: Connection) -> None:
    if connection.get_execution_options().get(OPTION):
        raise CommitRefused


def _at_statement(connection: Connection, _cursor: object, statement: str, *_rest: Any) -> None:
    if COMMITS.match(statement):
        _at_commit(connection)

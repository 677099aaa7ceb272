"""Sessions whose work is never committed: what they commit is a savepoint of a transaction that is rolled back."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from app_schema.testing import guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

JOINED: dict[str, Any] = {"join_transaction_mode": "create_savepoint"}


class Borrower(Session):
    """A session that opens its connection, and the transaction around everything, when it first needs them.

    An async session does so inside the event loop of the test, so that the fixture need know of none.
    """

    def __init__(self, *, engine: Engine, **options: Any) -> None:
        super().__init__(**JOINED, **options)
        self._engine = engine
        self._connection: Connection | None = None

    def get_bind(self, *_arguments: Any, **_options: Any) -> Connection:
        """Return the one connection, whatever is asked for."""
        if self._connection is None:
            self._connection = guard.guarded(self._engine)
            self._connection.begin()
        return self._connection

    def give_back(self, *, keep: bool) -> None:
        """End the transaction around everything: undone, or kept as the test left it."""
        if self._connection is None:
            return
        try:
            finish(self, self._connection, keep=keep)
        except SQLAlchemyError:  # cut off in the middle of a statement, or by the server: nothing to undo
            self._connection.invalidate()
        self._connection.close()


@contextmanager
def rolled_back(engine: Engine, keep: Callable[[], bool]) -> Iterator[Session]:
    """Yield a session; afterwards all of it is undone, or committed when ``keep()`` says so."""
    session = Borrower(engine=engine)
    try:
        yield session
    finally:
        session.give_back(keep=keep())


@contextmanager
def rolled_back_async(engine: AsyncEngine, keep: Callable[[], bool]) -> Iterator[AsyncSession]:
    """Yield an async session, as :func:`rolled_back`; for a fixture of any plugin for async tests, or none.

    The connection is opened by the first statement, in the test's loop, and closed in a loop of our own:
    the test's may be closed by now, and psycopg's connections belong to none while they are idle.
    """
    session = AsyncSession(sync_session_class=Borrower, engine=engine.sync_engine, expire_on_commit=False)
    try:
        yield session
    finally:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(session.run_sync(_give_back, keep()))
        finally:
            loop.close()


def _give_back(session: Session, keep: bool) -> None:  # noqa: FBT001 (run_sync passes no keywords to speak of)
    assert isinstance(session, Borrower)  # noqa: S101 (made above)
    session.give_back(keep=keep)


def finish(session: Session, connection: Connection, *, keep: bool) -> None:
    """Close the session; then commit what it did, or undo it."""
    if not keep:
        connection.rollback()  # takes the savepoint with it, which closing the session would roll back on its own
        session.close()
        return
    try:
        session.commit()
    except SQLAlchemyError:  # what the test failed with
        session.rollback()
    session.close()
    guard.release(connection)
    connection.commit()

"""Search: on a session for a list of hits, on an async session for one to be awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from app_schema.errors import SearchRefused
from app_schema.search.hits import ConversationHit, DocumentHit, Hit, MessageHit, Span, WorkflowHit
from app_schema.search.statements import statement

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from psycopg.types.multirange import Multirange
    from sqlalchemy import RowMapping, TextClause
    from sqlalchemy.orm import Session

    from app_schema.search.options import MessageOptions, TitleOptions

_Found = TypeVar("_Found", bound=Hit)


@overload
def search_messages(session: Session, query: str, **options: Unpack[MessageOptions]) -> list[MessageHit]: ...
@overload
def search_messages(session: AsyncSession, query: str, **options: Unpack[MessageOptions]) -> Awaitable[list[MessageHit]]: ...
def search_messages(
    session: Session | AsyncSession, query: str, **options: Unpack[MessageOptions]
) -> list[MessageHit] | Awaitable[list[MessageHit]]:
    """Find the messages whose content or translation contains every word of ``query``, newest first.

    Case is ignored in ASCII letters; every other character is itself. Deleted messages are left out. The
    options are those of `MessageOptions`; the SQL function ``search_messages`` does the work.

    Raises:
        QueryEmpty: the query has no words.
        ValueError: the query is no text, or an option makes no sense.
        SearchRefused: the role may not read messages.
        sqlalchemy.exc.ProgrammingError: the schema is not at head.
    """
    return _run(session, MessageHit, statement("messages", query, options))


@overload
def search_documents(session: Session, query: str, **options: Unpack[TitleOptions]) -> list[DocumentHit]: ...
@overload
def search_documents(session: AsyncSession, query: str, **options: Unpack[TitleOptions]) -> Awaitable[list[DocumentHit]]: ...
def search_documents(
    session: Session | AsyncSession, query: str, **options: Unpack[TitleOptions]
) -> list[DocumentHit] | Awaitable[list[DocumentHit]]:
    """Find the documents whose title contains every word of ``query`` or their initials, as :func:`search_messages` does."""
    return _run(session, DocumentHit, statement("documents", query, options))


@overload
def search_conversations(session: Session, query: str, **options: Unpack[TitleOptions]) -> list[ConversationHit]: ...
@overload
def search_conversations(session: AsyncSession, query: str, **options: Unpack[TitleOptions]) -> Awaitable[list[ConversationHit]]: ...
def search_conversations(
    session: Session | AsyncSession, query: str, **options: Unpack[TitleOptions]
) -> list[ConversationHit] | Awaitable[list[ConversationHit]]:
    """Find the conversations whose title contains every word of ``query`` or their initials, as :func:`search_messages` does."""
    return _run(session, ConversationHit, statement("conversations", query, options))


@overload
def search_workflows(session: Session, query: str, **options: Unpack[TitleOptions]) -> list[WorkflowHit]: ...
@overload
def search_workflows(session: AsyncSession, query: str, **options: Unpack[TitleOptions]) -> Awaitable[list[WorkflowHit]]: ...
def search_workflows(
    session: Session | AsyncSession, query: str, **options: Unpack[TitleOptions]
) -> list[WorkflowHit] | Awaitable[list[WorkflowHit]]:
    """Find the workflows whose name contains every word of ``query`` or their initials, as :func:`search_messages` does."""
    return _run(session, WorkflowHit, statement("workflows", query, options))


def _run(session: Session | AsyncSession, kind: type[_Found], searching: TextClause) -> list[_Found] | Awaitable[list[_Found]]:
    if isinstance(session, AsyncSession):
        return session.run_sync(_hits, kind, searching)
    return _hits(session, kind, searching)


def _hits(session: Session, kind: type[_Found], searching: TextClause) -> list[_Found]:
    try:
        return [_hit(kind, row) for row in session.execute(searching).mappings()]
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":  # insufficient_privilege
            raise
        reason = str(error.orig).partition("\n")[0]
        raise SearchRefused(f"{reason}; search as a role that may read it: app_readonly may not read what messages say") from error


def _hit(kind: type[_Found], row: RowMapping) -> _Found:
    columns: dict[str, Any] = {str(name): _spans(value) if str(name).endswith("spans") else value for name, value in row.items()}
    return kind(**columns)


def _spans(ranges: Multirange[int] | None) -> tuple[Span, ...]:
    return tuple(Span(each.lower or 0, each.upper or 0) for each in ranges or ())

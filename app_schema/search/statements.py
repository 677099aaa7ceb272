"""The statement of a search, the same for a session and an async one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app_schema.errors import QueryEmpty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import TextClause

MOST = 1_000
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # no text in PostgreSQL holds one, and no parameter may


def statement(function: str, texts: Mapping[str, str], query: str, options: Mapping[str, Any]) -> TextClause:
    """Call one of the SQL functions, and find the spans in each of its ``texts``.

    Args:
        function: its name.
        texts: the columns to find spans in, by the names of the spans.
        query: what to search for; NUL and lone surrogates in it are blanks.
        options: those of ``MessageOptions`` or ``TitleOptions``.

    Raises:
        QueryEmpty: the query has no words.
        ValueError: the limit is out of bounds, or relevance is to have a second page.
    """
    query = UNSTORABLE.sub(" ", query)
    if not query.split():
        raise QueryEmpty
    given = {f"p_{name}": value for name, value in options.items() if value is not None and name != "before"}
    if not 1 <= options.get("limit", 1) <= MOST:
        raise ValueError(f"limit must be between 1 and {MOST:,}")
    if (before := options.get("before")) is not None:
        if options.get("order") == "relevance":
            raise ValueError("relevance has one page; raise limit instead of giving before")
        given |= _cursor(function, before)
    if sum(name in given for name in ("p_conversation_id", "p_room_id", "p_user_id")) > 1:
        raise ValueError("give one of conversation_id, room_id and user_id")
    forms = {name: options.get(name, False) for name in ("inflected", "spacing")}
    arguments = ", ".join(("p_query => :query", *(f"{name} => :{name}" for name in given)))
    spans = ", ".join(f"search_spans(s.{column}, :query, :inflected, :spacing) AS {name}" for name, column in texts.items())
    return text(f"SELECT s.*, {spans} FROM {function}({arguments}) AS s (id)").bindparams(query=query, **forms, **given)  # noqa: S608


def _cursor(function: str, before: Any) -> dict[str, Any]:
    if function == "search_messages":
        return {"p_before": before.created_at, "p_before_id": before.id, "p_before_exact": before.exact}
    return {"p_before": before.id, "p_before_exact": before.exact}

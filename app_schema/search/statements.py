"""The statement of a search, the same for a session and an async one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app_schema.errors import QueryEmpty
from app_schema.search.options import MessageOptions, TitleOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import TextClause

MOST = 1_000
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # no text in PostgreSQL holds one, and no parameter may
SPANS = "search_spans({}, :query, :inflected, :spacing)"
TITLE = f"{SPANS.format('s.{0}')} + {SPANS.format('search_initials(s.{0})')} AS spans"  # initials lie where their syllables do
FOUND = {
    "messages": f"{SPANS.format('s.content')} AS spans, {SPANS.format('s.translated_content')} AS translated_spans",
    "documents": TITLE.format("title"),
    "conversations": TITLE.format("title"),
    "workflows": TITLE.format("name"),
}


def statement(table: str, query: str, options: Mapping[str, Any]) -> TextClause:
    """Call the SQL function that searches ``table``, and find the spans in the rows of the page.

    Args:
        table: a name of ``FOUND``.
        query: what to search for; NUL and lone surrogates in it are blanks.
        options: those of ``MessageOptions`` or ``TitleOptions``.

    Raises:
        QueryEmpty: the query has no words.
        TypeError: there is no such option.
        ValueError: the limit is out of bounds, relevance is to have a second page, or more than one id narrows it.
    """
    known = (MessageOptions if table == "messages" else TitleOptions).__annotations__
    if unknown := options.keys() - known:
        raise TypeError(f"no option of search_{table}: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    query = UNSTORABLE.sub(" ", query)
    if not query.split():
        raise QueryEmpty
    if not 1 <= options.get("limit", 1) <= MOST:
        raise ValueError(f"limit must be between 1 and {MOST:,}")
    before = options.get("before")
    if before is not None and options.get("order") == "relevance":
        raise ValueError("relevance has one page; raise limit instead of giving before")
    given = {f"p_{name}": value for name, value in options.items() if value is not None and name != "before"}
    if len(given.keys() & {"p_conversation_id", "p_room_id", "p_user_id"}) > 1:
        raise ValueError("give one of conversation_id, room_id and user_id")
    if before is not None:
        by_time = {"p_before": before.created_at, "p_before_id": before.id}
        given |= (by_time if table == "messages" else {"p_before": before.id}) | {"p_before_exact": before.exact}
    forms = {name: options.get(name, False) for name in ("inflected", "spacing")}
    arguments = ", ".join((":query", *(f"{name} => :{name}" for name in given)))
    # the first column is the row's id, whatever the function calls it
    found = text(f"SELECT s.*, {FOUND[table]} FROM search_{table}({arguments}) AS s (id)")  # noqa: S608 (of our own words)
    return found.bindparams(query=query, **forms, **given)

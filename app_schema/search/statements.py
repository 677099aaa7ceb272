"""The statement of a search, the same for a session and an async one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app_schema.search.arguments import checked, words
from app_schema.search.options import MessageOptions, TitleOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import TextClause

SPANS = "search_spans({}, :query, :inflected, :spacing)"
APART = SPANS.replace(":query", "search_title_query(:query)")
TITLE = f"{APART.format('s.{0}')} + {APART.format('search_initials(s.{0})')} AS spans"  # initials lie where their syllables do
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
        query: what to search for; NUL, lone surrogates and characters without width in it are blanks.
        options: those of ``MessageOptions`` or ``TitleOptions``.

    Raises:
        QueryEmpty: the query has no words.
        TypeError: there is no such option.
        ValueError: an option, or two together, make no sense; or the query is no text.
    """
    known = (MessageOptions if table == "messages" else TitleOptions).__annotations__
    if unknown := options.keys() - known:
        raise TypeError(f"no option of search_{table}: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    query = words(query)
    given = checked(options)
    forms = {name: given.get(name, False) for name in ("inflected", "spacing")}
    before = given.pop("before", None)
    given = {f"p_{name}": value for name, value in given.items()}
    if before is not None:
        by_time = {"p_before": before.created_at, "p_before_id": before.id}
        given |= (by_time if table == "messages" else {"p_before": before.id}) | {"p_before_exact": before.exact}
    arguments = ", ".join((":query", *(f"{name} => :{name}" for name in given)))
    # the first column is the row's id, whatever the function calls it
    found = text(f"SELECT s.*, {FOUND[table]} FROM search_{table}({arguments}) AS s (id)")  # noqa: S608 (of our own words)
    return found.bindparams(query=query, **forms, **given)

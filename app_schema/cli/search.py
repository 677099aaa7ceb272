"""``app-schema search``: what is found, a line a hit, with the found words in colour on a terminal."""

from __future__ import annotations

import io
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.text import Text
from sqlalchemy.orm import Session

from app_schema import migrate, moments
from app_schema.cli.echo import echo
from app_schema.engine import connect
from app_schema.errors import DatabaseNotAtHead, SettingsError
from app_schema.search import MessageHit, Order, WorkflowHit, search_conversations, search_documents, search_messages, search_workflows

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from app_schema.settings import Settings

BEFORE, SHOWN = 20, 80  # characters: before the first found word, and in all
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")  # what a terminal would obey rather than show
ESCAPED = re.compile("[\udc80-\udcff]")  # bytes that are no text in the shell's locale (LC_ALL=C); mostly UTF-8 all the same
SEARCHES: dict[str, Callable[..., Any]] = {
    "messages": search_messages,
    "documents": search_documents,
    "conversations": search_conversations,
    "workflows": search_workflows,
}


@click.command()
@click.argument("query", metavar="TEXT...", nargs=-1)
@click.option("--in", "where", type=click.Choice(list(SEARCHES)), default="messages", show_default=True, help="What to search.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="How many hits at most.")
@click.option("--conversation", type=click.UUID, metavar="ID", help="Messages of this conversation only.")
@click.option("--room", type=click.UUID, metavar="ID", help="Messages of this room only.")
@click.option("--user", type=click.UUID, metavar="ID", help="What belongs to this user only.")
@click.option("--relevance", is_flag=True, help="Best of the newest 500 first, rather than newest first.")
@click.option("--inflected", is_flag=True, help="A predicate as in the dictionary finds its inflections: 예쁘다, 예뻤던.")
@click.option("--spacing", is_flag=True, help="Blanks inside a word do not matter: 액션영화, 액션 영화.")
@click.pass_obj
def search(  # noqa: PLR0913 (an argument each option)
    settings: Settings,
    *,
    query: tuple[str, ...],
    where: str,
    limit: int,
    conversation: UUID | None,
    room: UUID | None,
    user: UUID | None,
    relevance: bool,
    inflected: bool,
    spacing: bool,
) -> None:
    """Search what holds every word of TEXT, newest first.

    Titles and names are found by their initial consonants, too: ㅂㄱㅅ finds 보고서. Exit code 0, also when nothing is found.
    """
    only = {"conversation_id": conversation, "room_id": room, "user_id": user}
    given = {name: value for name, value in only.items() if value is not None}
    if len(given) > 1:
        raise SettingsError("give one of --conversation, --room and --user")
    if where != "messages" and (conversation or room):
        raise SettingsError(f"--conversation and --room are of messages; for {where} give --user")
    typed = " ".join(query)
    if ESCAPED.search(typed):
        typed = os.fsencode(typed).decode(errors="replace")
    order = Order.RELEVANCE if relevance else Order.NEWEST
    with connect(settings, session=False) as connection, Session(connection) as session:
        if migrate.current(connection, schema=settings.schema_name) != migrate.head():
            raise DatabaseNotAtHead
        hits = SEARCHES[where](session, typed, limit=limit, order=order, inflected=inflected, spacing=spacing, **given)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a message may hold what the terminal's encoding does not
    console = Console(highlight=False, soft_wrap=True)
    for hit in hits:
        console.print(_heading(hit, where.removesuffix("s")), _excerpt(hit), sep="  ")
    if not hits:
        echo(f"no {where} found", err=True)


def _heading(hit: Any, noun: str) -> Text:
    """Say when and where: by the id that narrows the next search."""
    place = f"{noun} {hit.id}"
    if isinstance(hit, MessageHit):
        place = f"room {hit.room_id}" if hit.room_id else f"conversation {hit.conversation_id}"
        place += f"  {hit.sender_type}"
    return Text(f"{moments.minute(hit.created_at)}  {place}", style="dim")


def _excerpt(hit: Any) -> Text:
    """Return the text around the first found word, on one line."""
    if isinstance(hit, MessageHit):
        text, spans = (hit.content, hit.spans) if hit.spans else (hit.translated_content or "", hit.translated_spans)
    else:
        text, spans = hit.name if isinstance(hit, WorkflowHit) else hit.title, hit.spans
    start = max(0, spans[0].start - BEFORE) if spans else 0
    excerpt = Text(CONTROL.sub(" ", text[start : start + SHOWN]))
    for span in spans:
        if span.stop > start:
            excerpt.stylize("bold magenta", max(0, span.start - start), span.stop - start)
    return Text.assemble("…" if start else "", excerpt, "…" if start + SHOWN < len(text) else "")

"""How to search, beside what for."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from uuid import UUID

    from app_schema.search.hits import Cursor


class Order(StrEnum):
    """In which order hits come. Relevance orders the newest 500 of them, in one page."""

    NEWEST = "newest"
    RELEVANCE = "relevance"


class TitleOptions(TypedDict, total=False):
    """Options of the searches by title or name; all have a default.

    Attributes:
        limit: how many hits at most, 1 to 1000; 20.
        before: the cursor of the last hit of the page before.
        user_id: whose conversations, documents or workflows.
        order: newest first, or by relevance.
        inflected: a predicate as in the dictionary finds its inflections, `예쁘다` `예뻤던`.
        spacing: `액션영화` finds `액션 영화`, after what is found as typed.
    """

    limit: int
    before: Cursor | None
    user_id: UUID | None
    order: Order
    inflected: bool
    spacing: bool


class MessageOptions(TitleOptions, total=False):
    """Options of the search of messages; give one of the three ids at most.

    Attributes:
        conversation_id: in this conversation alone.
        room_id: in this room alone.
    """

    conversation_id: UUID | None
    room_id: UUID | None

"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class Span(NamedTuple):
    """Where a text holds what was searched for: ``text[start:stop]``, in characters."""

    start: int
    stop: int


class Cursor(NamedTuple):
    """Where a page ends: given as ``before``, the next one begins there. A client may keep its three parts."""

    created_at: datetime
    id: UUID
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """What every hit tells.

    Attributes:
        id: of the row.
        created_at: when the row was inserted.
        exact: found as typed; False: through its spacing alone.
        score: how well it answers, to compare the hits of one search; None unless they are ordered by relevance.
        spans: where the found words are in ``content``, ``title`` or ``name``, in order; may be empty.
    """

    id: UUID
    created_at: datetime
    exact: bool
    score: float | None
    spans: tuple[Span, ...]

    @property
    def cursor(self) -> Cursor:
        """Where the page after this hit begins."""
        return Cursor(self.created_at, self.id, self.exact)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHit(Hit):
    """A message, found by its content, its translation or both."""

    conversation_id: UUID | None
    room_id: UUID | None
    sender_type: str
    content: str
    translated_content: str | None
    translated_spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHit(Hit):
    """A document, found by its title."""

    user_id: UUID
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationHit(Hit):
    """A conversation, found by its title."""

    user_id: UUID
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowHit(Hit):
    """A version of a workflow, found by its name. One of nobody is everybody's."""

    user_id: UUID | None
    name: str

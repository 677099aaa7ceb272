"""What a search is given, checked and made what the statement takes: one line an error, which names the cure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app_schema.errors import QueryEmpty
from app_schema.search.hits import Cursor
from app_schema.search.options import Order

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 1_000
# What no text in PostgreSQL holds and no parameter may, and what has no width: blanks, as in search_words.
BLANK = re.compile("[\0\ud800-\udfff\u200b\u2060\u3164\ufeff]")


def words(query: object) -> str:
    """Return the words of a query, each once.

    Raises:
        QueryEmpty: the query has none.
        ValueError: it is no text.
    """
    if not isinstance(query, str):
        raise ValueError(f"query must be a str, not {type(query).__name__}")  # noqa: TRY004 (one kind of error for what is given)
    if not (each := dict.fromkeys(BLANK.sub(" ", query).split())):
        raise QueryEmpty
    return " ".join(each)


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are given, of their own types: ids also from text, a cursor also from its three parts.

    Raises:
        ValueError: one of them makes no sense, or two together.
    """
    given = {name: _of_its_type(name, value) for name, value in options.items() if value is not None or name == "limit"}
    if "before" in given and given.get("order") == Order.RELEVANCE:
        raise ValueError("relevance has one page; raise limit instead of giving before")
    if len(given.keys() & {"conversation_id", "room_id", "user_id"}) > 1:
        raise ValueError("give one of conversation_id, room_id and user_id")
    return given


def _of_its_type(name: str, value: Any) -> Any:
    if name == "limit":
        if type(value) is not int or not 1 <= value <= MOST:  # a bool is an int, too
            raise ValueError(f"limit must be an int between 1 and {MOST:,}, not {value!r:.40}")
        return value
    if name == "before":
        return _cursor(value)
    if name == "order":
        if value not in tuple(Order):
            raise ValueError(f"order must be Order.NEWEST or Order.RELEVANCE, not {value!r:.40}")
        return Order(value)
    if name.endswith("_id"):
        return _id(name, value)
    return _yes_or_no(name, value)


def _cursor(value: Any) -> Cursor:
    if not isinstance(value, (tuple, list)) or len(value) not in (2, 3):
        raise ValueError(f"before must be the cursor of a hit, or its three parts, not {value!r:.40}")
    created_at, row, exact = (*value, True)[:3]
    if isinstance(created_at, str):
        try:
            created_at = datetime.fromisoformat(created_at)
        except ValueError:
            raise ValueError(f"before begins with a time as datetime.isoformat() writes it, not {created_at!r:.40}") from None
    if not isinstance(created_at, datetime) or created_at.tzinfo is None:
        raise ValueError(f"before begins with a datetime that has a time zone, not {created_at!r:.60}")
    return Cursor(created_at, _id("the id in before", row), _yes_or_no("exact in before", exact))


def _id(name: str, value: Any) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        raise ValueError(f"{name} must be a UUID, not {value!r:.40}") from None


def _yes_or_no(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, not {value!r:.40}")  # noqa: TRY004 (one kind of error for what is given)
    return value

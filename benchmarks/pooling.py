"""What it costs that nothing is kept in a session: the schema in each transaction, and statements that are not prepared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select, text

from app_schema import migrate
from app_schema.engine import create_engine
from app_schema.models import Message
from benchmarks.figure import Figure, medians

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine, Select

    from app_schema.embedded import EmbeddedServer

TRANSACTIONS = 300
QUERIES = {
    "the messages of a room": select(Message).where(Message.room_id == UUID(int=1)).order_by(Message.created_at.desc()).limit(50),
    "SELECT 1": select(text("1")),
}


def figures(server: EmbeddedServer) -> Iterator[Figure]:
    """Yield microseconds a transaction, over direct connections on both sides."""
    url = server.url("postgres")
    migrate.upgrade(create_engine(url, schema="public"), schema="tenant")
    # what a startup option says costs no statement
    settled = url.update_query_dict({"options": "-c search_path=tenant"})
    chosen, fixed = create_engine(url, schema="tenant"), create_engine(settled, schema="public")
    prepared = create_engine(settled.update_query_dict({"prepare_threshold": "5"}), schema="public")
    for what, query in QUERIES.items():
        ours, other = medians(_many(chosen, query), _many(fixed, query))
        yield Figure(f"us a transaction, {what}: schema chosen in it", "by a startup option", *_micro(ours, other), at_most=1.5)
        ours, other = medians(_many(fixed, query), _many(prepared, query))
        yield Figure(f"us a transaction, {what}: not prepared", "prepared", *_micro(ours, other), at_most=1.5)


def _many(engine: Engine, query: Select[Any]) -> Callable[[], None]:
    def run() -> None:
        for _ in range(TRANSACTIONS):
            with engine.connect() as connection:
                connection.execute(query).all()

    run()  # connect, compile, prepare
    return run


def _micro(*seconds: float) -> list[float]:
    return [each / TRANSACTIONS * 1e6 for each in seconds]

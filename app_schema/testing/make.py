"""Builders of single valid rows: ``make.room(status="waiting")``.

Every builder takes any column and any relationship of its model by keyword; what a row needs and the
caller did not give is filled in as its state demands, parents included. Give None to have none.
"""

from __future__ import annotations

from app_schema.testing.making.chats import Chats
from app_schema.testing.making.connections import Connections
from app_schema.testing.making.records import Records
from app_schema.testing.making.work import Work


class Make(Chats, Connections, Records, Work):
    """All the builders, for one session: ``Make(session)``.

    With an async session: ``await session.run_sync(lambda session: Make(session).room())``.
    Every builder raises ``ValueError`` for an unknown state and ``TypeError`` for an unknown column.
    """

"""Every topic, in the order that people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app_schema.monitoring.cache import CACHE
from app_schema.monitoring.connections import CONNECTIONS
from app_schema.monitoring.tables import TABLES

if TYPE_CHECKING:
    from app_schema.monitoring.topic import Topic

TOPICS: tuple[Topic[Any], ...] = (TABLES, CONNECTIONS, CACHE)

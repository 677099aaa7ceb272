"""Every topic, in the order that people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app_schema.monitoring.backups import BACKUPS
from app_schema.monitoring.cache import CACHE
from app_schema.monitoring.connections import CONNECTIONS
from app_schema.monitoring.disk import DISK
from app_schema.monitoring.indexes import INDEXES
from app_schema.monitoring.keys import KEYS
from app_schema.monitoring.partitions import PARTITIONS
from app_schema.monitoring.queries import QUERIES
from app_schema.monitoring.replication import REPLICATION
from app_schema.monitoring.sequences import SEQUENCES
from app_schema.monitoring.tables import TABLES
from app_schema.monitoring.vacuum import VACUUM
from app_schema.monitoring.wal import WAL

if TYPE_CHECKING:
    from app_schema.monitoring.topic import Topic

TOPICS: tuple[Topic[Any], ...] = (
    BACKUPS,
    WAL,
    DISK,
    CONNECTIONS,
    CACHE,
    REPLICATION,
    TABLES,
    INDEXES,
    QUERIES,
    VACUUM,
    PARTITIONS,
    KEYS,
    SEQUENCES,
)

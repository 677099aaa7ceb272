"""A PostgreSQL server of our own, for those who have none."""

from app_schema.embedded.server import EmbeddedServer

__all__ = ["EmbeddedServer"]

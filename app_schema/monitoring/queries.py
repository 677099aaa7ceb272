"""Slow queries, where pg_stat_statements counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg.errors import ObjectNotInPrerequisiteState
from sqlalchemy.exc import DBAPIError

from app_schema.engine import quoted
from app_schema.monitoring.topic import Topic, sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app_schema.monitoring.look import Look

EXTENSION = (
    "SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'"
)
CREATE = "CREATE EXTENSION pg_stat_statements"
PRELOAD = "put shared_preload_libraries = 'pg_stat_statements' into postgresql.conf, restart the server"


class Query(NamedTuple):
    """One statement, its constants replaced by $1, $2, ….

    Attributes:
        share_ratio: of the time of all statements of this database.
        hit_ratio: of its pages that were in shared_buffers; None without any.
    """

    query: str
    calls: int
    mean_milliseconds: float
    total_seconds: float
    share_ratio: float
    rows: int
    hit_ratio: float | None


def read(look: Look) -> Sequence[Query]:
    """Read the ten statements of this database that took the longest together."""
    where = look.run(EXTENSION)
    if not where:
        look.remark(f"pg_stat_statements is not there: {PRELOAD}, then: {CREATE}")
        return []
    statement = sql("queries").replace("pg_stat_statements", f"{quoted(where[0][0])}.pg_stat_statements")
    try:
        rows = look.run(statement)
    except DBAPIError as error:
        if not isinstance(error.orig, ObjectNotInPrerequisiteState):
            raise
        look.remark(f"pg_stat_statements is created but not loaded: {PRELOAD}")
        return []
    if not look.server.monitors:
        look.hide(
            f"statements of other users are hidden; the owner of the server can show them with: GRANT pg_monitor TO {look.server.user}"
        )
    return [Query(*row) for row in rows]


BRIEF = ("total_seconds", "share_ratio", "calls", "mean_milliseconds", "rows", "hit_ratio", "query")
QUERIES = Topic("queries", "Slow queries", "쿼리 성능", Query, read, brief=BRIEF, least=("hit_ratio", "rows", "share_ratio"), prose="query")

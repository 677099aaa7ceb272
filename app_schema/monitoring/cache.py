"""Cache hits: how many of the pages that were needed were in shared_buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.topic import Metric, Topic
from app_schema.monitoring.units import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app_schema.monitoring.look import Look

HITS, READS = "app_schema_cache_hit_blocks_total", "app_schema_cache_read_blocks_total"
LOW = 0.95
ENOUGH = 10_000  # pages; with fewer a ratio is chance
RULE = Rule(
    "cache-hits",
    Severity.WARNING,
    "The working set no longer fits into shared_buffers, or a query reads a table whole.",
    "app-schema monitor (slow queries), then raise shared_buffers",
)


class Cache(NamedTuple):
    """Pages of 8 kB of one span of time.

    Attributes:
        span: since when they count.
        ratio: 0 to 1; None when nothing was needed.
    """

    span: str
    hit_blocks: int
    read_blocks: int
    ratio: float | None


def read(look: Look) -> Sequence[Cache]:
    """Read pg_stat_database: since the statistics began, and since the last look."""
    (total,) = look.query("cache")
    rows = [_row(f"since {moment(look.server.stats_reset or look.server.started)}", *total)]
    hits, reads = look.past.value(HITS), look.past.value(READS)
    if hits is not None and reads is not None and total[0] >= hits and total[1] >= reads:  # less: they were reset in between
        rows.append(_row("since the last look", total[0] - int(hits), total[1] - int(reads)))
    return rows


def _row(span: str, hits: int, reads: int) -> Cache:
    return Cache(span, hits, reads, round(hits / (hits + reads), 4) if hits + reads else None)


def measure(rows: Sequence[Cache]) -> Iterator[Metric]:
    """Measure the counters, and the ratio since the last look."""
    yield Metric(HITS, "Pages found in shared_buffers.", rows[0].hit_blocks)
    yield Metric(READS, "Pages read from the operating system.", rows[0].read_blocks)
    if rows[-1].ratio is not None:
        yield Metric("app_schema_cache_hit_ratio", "Pages found in shared_buffers of those needed since the last look.", rows[-1].ratio)


def judge(rows: Sequence[Cache], _look: Look) -> Iterator[Finding]:
    """Find a ratio that is low for enough pages to mean something."""
    latest = rows[-1]
    if latest.ratio is not None and latest.ratio < LOW and latest.hit_blocks + latest.read_blocks >= ENOUGH:
        yield RULE.finding("database", f"{latest.ratio:.1%} of the pages were in memory ({latest.span})")


CACHE = Topic("cache", "Cache hits", "캐시 히트율", Cache, read, measure, judge, least=("hit_blocks", "read_blocks"))

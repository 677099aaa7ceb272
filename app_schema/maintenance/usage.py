"""The roll-up of AI usage by day, late rows included, and months of requests retired once they are rolled up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from app_schema.maintenance.step import Work

RECENT_DAYS = 35
EVERY_DAY = 36_500
KEEP_DAYS = 400  # thirteen months of requests; the roll-up by day stays
MONTH = 31
RETIRE = "SELECT retire_partitions('ai_request_stats', make_interval(days => %(keep)s))"


def roll_up(work: Work) -> str:
    """Roll up today and yesterday, and each of the last 35 days whose requests are not what the roll-up counted."""
    return _roll_up(work, RECENT_DAYS)


def roll_up_all(work: Work) -> str:
    """Roll up every day whose requests are not what the roll-up counted."""
    return _roll_up(work, EVERY_DAY)


def retire(work: Work) -> str:
    """Drop the months of requests of more than 400 days; what they hold is rolled up first."""
    rolled = _roll_up(work, EVERY_DAY, newest=KEEP_DAYS - MONTH)
    names = [row[0] for row in work.patiently(lambda: work.run(RETIRE, keep=KEEP_DAYS))]
    return f"dropped {', '.join(names)}; {rolled}" if names else f"no month is older than {KEEP_DAYS} days"


def _roll_up(work: Work, oldest: int, *, newest: int = 0) -> str:
    done: list[date] = []
    for row in work.query("unrolled_days", oldest=oldest, newest=newest):
        work.check(_said(done))
        work.patiently(lambda day=row.day: work.run("SELECT aggregate_ai_usage(%(day)s, %(day)s)", day=day))  # type: ignore[misc]
        done.append(row.day)
    return _said(done)


def _said(days: list[date]) -> str:
    return f"{len(days)} days rolled up, {days[0]} to {days[-1]}" if days else "every day is rolled up"

"""Upkeep that does not keep up: a step whose time was up several runs in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.monitoring.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app_schema.memory import Memory

RUNS = 3
RULE = Rule(
    "upkeep-behind",
    Severity.WARNING,
    "What it should clear away grows faster than it is cleared.",
    "app-schema maintain {plan} --budget 4h, in a quiet time",
)


def note_run(memory: Memory, plan: str, finished: Iterable[str], unfinished: Iterable[tuple[str, str]]) -> None:
    """Remember which steps of a plan were not finished, and for how many runs; what each said.

    Raises:
        MemoryUnavailable: nothing was kept.
    """
    with memory.write() as file:
        file.executemany("DELETE FROM behind WHERE step = ?", [(f"{plan} {step}",) for step in finished])
        keep = "INSERT INTO behind VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET runs = runs + 1, said = excluded.said"
        file.executemany(keep, [(f"{plan} {step}", said) for step, said in unfinished])


def behind(memory: Memory) -> Iterator[Finding]:
    """Find the steps that were not finished three times in a row; errors as for :func:`note_run`."""
    for name, runs, said in memory.read("SELECT step, runs, said FROM behind WHERE runs >= ? ORDER BY step", RUNS):
        plan, _, step = name.partition(" ")
        yield RULE.finding(
            step, f"{step} of maintain {plan} was not finished in {runs} runs: {said}", command=RULE.command.format(plan=plan)
        )

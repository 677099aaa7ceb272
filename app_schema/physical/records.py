"""Reading WAL as ``pg_waldump`` does, which proves the CRC of every record, and telling where it ends from where it is damaged."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from app_schema.errors import WalDamaged
from app_schema.physical import parameters, tail
from app_schema.physical.segments import parse_lsn, show_lsn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app_schema.backup.programs import Programs
    from app_schema.physical.route import Leg, Route

# rmgr: Transaction len (rec/tot): 34/34, tx: 743, lsn: 0/0198A2C8, prev 0/0198A290, desc: COMMIT 2026-11-22 07:37:36.123456 UTC
# rmgr: Transaction len (rec/tot): 50/50, tx: 0, lsn: 0/01528A38, prev 0/01528928, desc: COMMIT_PREPARED 726: 2026-11-27 20:38:50.907551 UTC
# PREPARE is not the end of a transaction; the name that it gives to it may hold anything.
LINE = re.compile(
    r"rmgr: Transaction .*?tx:\s+(\d+), lsn: ([0-9A-F]+/[0-9A-F]+), prev [0-9A-F]+/[0-9A-F]+,"
    r" desc: (COMMIT|ABORT)(?:_PREPARED)?\s(?:(\d+): )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) UTC"
)
SUBXACTS = re.compile(r"; subxacts: ([\d ]+)")
BROKEN = re.compile(r"error in WAL record at ([0-9A-F]+/[0-9A-F]+): (.*)")
NO_RECORD = "could not find a valid record after"


class Transaction(NamedTuple):
    """The end of a transaction, as recovery sees it; ``subxacts`` are the ids that savepoints took in it, and rows may bear."""

    timeline: int
    lsn: int
    xid: int
    time: datetime
    committed: bool
    subxacts: frozenset[int] = frozenset()


@dataclass
class Reader:
    """Reads a route once.

    Attributes:
        programs: of the very version of the cluster.
        end: after the last transaction was read, the LSN where the last good record begins; where the last file ends if the WAL
            fills it, and then a record may go on after it.
        needed: the highest value of each setting that recovery needs, among those that the server was started with meanwhile.
    """

    route: Route
    programs: Programs
    end: int = field(default=0, init=False)
    needed: dict[str, str] = field(default_factory=dict, init=False)

    def transactions(self) -> Iterator[Transaction]:
        """Yield the end of each transaction, in the order of the WAL.

        Raises:
            WalDamaged: there is a record that is not what was written, and more WAL after it.
        """
        self.end = self.route.start
        with self.route.laid_out() as (folder, still):
            for leg in self.route.legs:
                if leg.start != leg.end and leg.start < self.route.end:
                    yield from self._read(folder, still, leg)

    def prove(self) -> int:
        """Read all of it and return where the last good record begins; errors as for :meth:`transactions`."""
        for _ in self.transactions():
            pass
        return self.end

    def _read(self, folder: Path, still: Route, leg: Leg) -> Iterator[Transaction]:
        # with no end it waits five seconds for the segment after the last, as if a server were writing it
        end = self.route.end if leg.end is None else leg.end
        ends = (f"--start={show_lsn(leg.start)}", f"--end={show_lsn(end)}")
        arguments = [f"--path={folder}", f"--timeline={leg.timeline}", *ends, "--rmgr=Transaction", "--rmgr=XLOG"]
        process = subprocess.Popen(  # noqa: S603 (no shell)
            self.programs.command("pg_waldump", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C", "TZ": "UTC"},
        )
        with process:
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
            assert process.stderr is not None  # noqa: S101
            try:
                for line in process.stdout:
                    if found := _transaction(leg.timeline, line):
                        yield found
                    elif change := parameters.changed(line):
                        self.needed = parameters.highest(self.needed, change)
                error = process.stderr.read()
            except BaseException:  # whoever reads has seen enough
                process.kill()
                raise
        if process.returncode == 0:
            self.end = end
        else:
            self._judge(still, leg, error)

    def _judge(self, route: Route, leg: Leg, error: str) -> None:
        """Tell the end of the WAL from damage in it."""
        tip = leg is route.legs[-1] and leg.end is None  # up to a known end there is WAL, and what cannot be read is damaged
        match = BROKEN.search(error)
        last = parse_lsn(match[1]) if match else leg.start
        if tip and (match or NO_RECORD in error) and tail.ends_after(route, last if match else None):
            self.end = last
            return
        raise WalDamaged(
            f"the WAL of timeline {leg.timeline} is damaged after {show_lsn(last)} ({match[2] if match else ' '.join(error.split())})", last
        )


def _transaction(timeline: int, line: str) -> Transaction | None:
    match = LINE.match(line)
    if not match:  # an assignment of subtransactions, an invalidation
        return None
    own, lsn, what, prepared, time = match.groups()
    at = datetime.strptime(time, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    within = SUBXACTS.search(line)
    subxacts = frozenset(map(int, within[1].split())) if within else frozenset()
    return Transaction(timeline, parse_lsn(lsn), int(prepared or own), at, what == "COMMIT", subxacts)

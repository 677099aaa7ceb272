"""Base backups, incrementals, their proof and their way back, against PostgreSQL's bare programs and a plain copy."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.folder import Folder
from app_schema.backup.programs import environment
from app_schema.embedded import EmbeddedServer
from app_schema.embedded.postmaster import Postmaster
from app_schema.engine import connect_to
from app_schema.physical import route, slot
from app_schema.physical.archive import Archive
from app_schema.physical.base import base, incremental, programs_for
from app_schema.physical.records import Reader
from app_schema.physical.segments import parse_lsn
from app_schema.physical.verify import verify
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target
from app_schema.settings import Settings
from benchmarks.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app_schema.backup.entry import Entry

ROWS = 1_200_000  # about 850 MB of chat text
MEMORY = Path("/dev/shm")  # noqa: S108 (where ours and theirs differ by hundredths, and a disk by halves)
ROOM = 12 << 30
ROUNDS = 8
CHAIN = 4  # incrementals
CRASHES = 5
OPTIONS = ("--checkpoint=fast", "--wal-method=stream", "--manifest-checksums=SHA256")
FILL = f"""
    CREATE TABLE chat AS SELECT i AS id, clock_timestamp() AS at, repeat(md5(i::text) || ' 안녕하세요 ', 14) AS content
    FROM generate_series(1, {ROWS}) AS i;
    ALTER TABLE chat ADD PRIMARY KEY (id); CHECKPOINT"""
CHANGE = "UPDATE chat SET content = reverse(content) WHERE id BETWEEN {0} AND {0} + {1}"


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


class Bench:
    """A cluster of half a gigabyte, its backups, and its receiver."""

    def __init__(self, home: Path) -> None:
        self.home, self.server = home, EmbeddedServer(home / "server")
        self.server.start()
        self.url = self.server.url("postgres")
        backups = home / "backups"
        backups.mkdir(mode=0o700)
        self.settings = Settings(DATABASE_URL=self.url, backup_dir=backups)  # type: ignore[call-arg]
        self.folder = Folder.of(self.settings)

    @property
    def entries(self) -> list[Entry]:
        """What there is."""
        return Catalogue(self.folder).read()[0]

    def execute(self, sql: str) -> None:
        """Run SQL."""
        with psycopg.connect(self.url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[call-overload]

    def bare(self, *arguments: str) -> None:
        """Do it with pg_basebackup alone, where ours goes; it is kept, too: the place on a disk makes a difference."""
        target = self.folder.path / f"bare-{time.monotonic_ns()}"
        command = [self.server.programs / "pg_basebackup", f"--pgdata={target}", *OPTIONS, *arguments]
        subprocess.run(command, check=True, env=environment(self.url), capture_output=True)

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Receive WAL meanwhile."""
        place = {"DATABASE_URL": self.url.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(self.folder.path)}
        command = [sys.executable, "-c", "from app_schema.cli import main; main()", "backup", "wal"]
        process = subprocess.Popen(command, env=os.environ | place, stdout=subprocess.DEVNULL)
        try:
            self.wait_for_receiver()
            yield
        finally:
            process.terminate()
            process.wait()

    def wait_for_receiver(self) -> None:
        """Until it has all there is."""
        with connect_to(self.url) as connection:
            while slot.look(connection).behind != 0:
                time.sleep(0.05)

    def clear(self, keep: int = 0) -> None:
        """Remove all backups but the newest of ours."""
        for entry in self.entries[: -keep or None]:
            Catalogue(self.folder).remove(entry)
        for bare in self.folder.path.glob("bare-*"):
            shutil.rmtree(bare)

    def in_turn(self, *sides: Callable[[], object], before: Callable[[], object] = list) -> list[float]:
        """Time the sides on equal terms, in every other round in the other order, and return the median of each."""
        seconds: list[list[float]] = [[] for _ in sides]
        for number in range(ROUNDS):
            before()
            both = [*zip(sides, seconds, strict=True)]
            for side, times in reversed(both) if number % 2 else both:
                self.settle()
                times.append(timed(side))
        return [statistics.median(times) for times in seconds]

    def settle(self) -> None:
        """Until what was changed is written and summarized, and the disk has nothing left to do."""
        self.execute("CHECKPOINT")
        os.sync()
        summarized = "SELECT pending_lsn >= redo_lsn FROM pg_get_wal_summarizer_state(), pg_control_checkpoint()"
        with connect_to(self.url) as connection:
            while not connection.exec_driver_sql(summarized).scalar_one():
                time.sleep(0.05)

    def verify(self, *, everything: bool) -> None:
        """Prove all; nothing is wrong."""
        found = [finding.error for finding in verify(self.settings, self.folder, self.entries, everything=everything) if finding.error]
        if found:
            raise RuntimeError(found[0])


def figures() -> Iterator[Figure]:
    """Measure the figures of recovery on clusters of their own."""
    with _bench(MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None) as bench:
        yield from _taking(bench)
    with _bench(None) as bench:
        yield from _proving(bench)
        yield from _restoring(bench)
        yield _loss(bench)


@contextmanager
def _bench(place: Path | None) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="app_schema-bench-", dir=place) as folder:
        home = Path(folder)
        home.chmod(0o755)
        bench = Bench(home)
        try:
            bench.execute(FILL)
            with bench.receiving():
                yield bench
        finally:
            bench.server.stop()


def _taking(bench: Bench) -> Iterator[Figure]:
    ours, bare = bench.in_turn(lambda: base(bench.settings, bench.folder), bench.bare, before=bench.clear)
    yield Figure("backup base, s", "pg_basebackup with the same options", ours, bare, 1.1)
    place = iter(range(1000, ROWS, ROWS // ROUNDS))
    arguments: list[str] = []

    def change() -> None:
        bench.execute(CHANGE.format(next(place), ROWS // 10))
        parent = bench.folder.path / bench.entries[-1].parts[0].file  # of both sides
        arguments[:] = [f"--incremental={parent / 'data/backup_manifest'}"]

    ours, bare = bench.in_turn(lambda: incremental(bench.settings, bench.folder), lambda: bench.bare(*arguments), before=change)
    yield Figure("backup incremental after 10 % changed, s", "pg_basebackup --incremental", ours, bare, 1.1)


def _proving(bench: Bench) -> Iterator[Figure]:
    taking = statistics.median(timed(lambda: base(bench.settings, bench.folder)) for _ in range(ROUNDS))
    full = bench.entries[-1]
    bench.clear(keep=1)
    for number in range(CHAIN):
        bench.execute(CHANGE.format(1000 + number * ROWS // CHAIN, ROWS // 25))
        incremental(bench.settings, bench.folder)
    size = bench.entries[1].size
    yield Figure("incremental after 4 % of rows changed together, MB", "a base", size / 1e6, full.size / 1e6, 0.1)
    everything = statistics.median(timed(lambda: bench.verify(everything=True)) for _ in range(ROUNDS))
    nothing = statistics.median(timed(lambda: bench.verify(everything=False)) for _ in range(ROUNDS))
    yield Figure("verify of a chain and its WAL, s", "taking the base", everything, taking, 0.5)
    yield Figure("verify when nothing is new, s", "everything read", nothing, everything, 0.05)


def _restoring(bench: Bench) -> Iterator[Figure]:
    bench.execute("CREATE TABLE later AS SELECT 1")
    bench.wait_for_receiver()
    chain = [entry.id for entry in bench.entries[:3]]
    ours, copy = [], []
    target = bench.home / "restored"
    copying = ["/bin/sh", "-c", f"cp -r {target}/data {target}/copy && sync"]
    for _ in range(ROUNDS):
        done = restore(bench.settings, bench.folder, Target(backup=chain[-1]), target, check=False)
        ours.append(done.seconds)
        copy.append(timed(lambda: subprocess.run(copying, check=True)))
        shutil.rmtree(target)
    yield Figure(
        "restore of a base and 2 incrementals, s", "cp and sync of the same bytes", statistics.median(ours), statistics.median(copy), 2
    )


def _loss(bench: Bench) -> Figure:
    """Acknowledged commits that a crash loses with the disk, when the receiver is not in synchronous_standby_names."""
    acknowledged: list[int] = []

    def write() -> None:
        address = bench.url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            with psycopg.connect(address, autocommit=True) as connection:
                while True:
                    row = connection.execute("INSERT INTO later VALUES (1) RETURNING pg_current_xact_id()::text::bigint").fetchone()
                    acknowledged.append(row[0])  # type: ignore[index]
        except psycopg.Error:
            return

    lost = 0
    for _ in range(CRASHES):
        begun = len(acknowledged)
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.5)
        postmaster = Postmaster.read(bench.server.data)
        assert postmaster is not None  # noqa: S101 (taken above)
        os.kill(postmaster.pid, signal.SIGKILL)
        writer.join()
        time.sleep(0.5)
        lost += len(set(acknowledged[begun:]) - _archived(bench))
        bench.server.start()
        bench.wait_for_receiver()
    return Figure(f"acknowledged commits lost in {CRASHES} crashes, receiver not named", "all acknowledged", lost, len(acknowledged), 1)


def _archived(bench: Bench) -> set[int]:
    place = bench.entries[0].physical
    assert place is not None  # noqa: S101 (taken above)
    archive = Archive(bench.folder.path / "wal" / place.system_identifier, place.segment_bytes)
    way = route.legs(archive, parse_lsn(place.start_lsn), place.timeline, place.timeline)
    assert way is not None  # noqa: S101 (taken above)
    return {transaction.xid for transaction in Reader(route.find(archive, way), programs_for(bench.entries[0])).transactions()}

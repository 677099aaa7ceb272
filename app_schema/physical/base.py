"""``backup base`` and ``backup incremental``: the cluster's files, and its place in the WAL."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app_schema.backup import chain, origin, taking
from app_schema.backup.dump import running
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.holding import Part, Physical
from app_schema.backup.names import major_version
from app_schema.backup.programs import Programs
from app_schema.backup.steps import UNWATCHED
from app_schema.backup.tree import drafted
from app_schema.errors import BackupError, ProgramMissing
from app_schema.physical import configuration, needs
from app_schema.physical.layout import DATA, MANIFEST, TABLESPACES, check_manifest, wal_hashes
from app_schema.physical.route import NEW_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Row

    from app_schema.backup.folder import Folder
    from app_schema.backup.steps import Steps
    from app_schema.backup.taking import Taking
    from app_schema.backup.tree import Tree
    from app_schema.physical.configuration import Taken
    from app_schema.settings import Settings

SUFFIX = ".cluster"
MANIFEST_CHECKSUMS = "SHA256"
IDENTITY = text(f"""
    SELECT system_identifier::text AS system, (SELECT rolname FROM pg_roles WHERE oid = 10) AS superuser,
        current_setting('server_version') AS version, pg_size_bytes(current_setting('wal_segment_size')) AS segment_bytes,
        current_setting('data_checksums') AS checksums,
        {origin.IS_RESCUED} AS rescued
    FROM pg_control_system()
""")  # noqa: S608 (a constant)
MOMENT = text("SELECT clock_timestamp() AS time, pg_snapshot_xmax(pg_current_snapshot())::text AS next_xid")
PROGRESS = text("""
    SELECT backup_streamed AS streamed, backup_total AS total
    FROM pg_stat_progress_basebackup JOIN pg_stat_activity USING (pid)
    WHERE application_name = 'app_schema' AND usename = session_user AND backup_streamed > 0
    ORDER BY backend_start DESC LIMIT 1
""")
SECONDS_BETWEEN_LOOKS = 0.5
SUMMARIES = "WAL summaries are required"  # after a change of timeline, or of summarize_wal, or after wal_summary_keep_time
PLACES = text("SELECT oid, pg_tablespace_location(oid) AS location FROM pg_tablespace WHERE pg_tablespace_location(oid) <> ''")
START = re.compile(r"^START WAL LOCATION: (\S+) \(file ([0-9A-F]{24})\)", re.MULTILINE)


def base(settings: Settings, folder: Folder, steps: Steps = UNWATCHED) -> Entry:
    """Copy the settings' whole cluster into ``folder`` and enter it in the catalogue, with the configuration that lies elsewhere.

    Args:
        settings: which cluster.
        folder: where to.
        steps: is told now and then of the bytes that have come; how many there will be is the server's estimate.

    Raises:
        ServerUnsuitable: the server lacks a right or a setting; the line names each with its cure.
        BackupError: it failed; the catalogue is as it was.
        ServerUnreachable: the server is not there.
    """
    with taking.begun(settings, folder, Kind.BASE) as run:
        needs.check_base(run.connection)
        return _take(run, None, steps)


def incremental(settings: Settings, folder: Folder, steps: Steps = UNWATCHED) -> Entry:
    """Copy the blocks that changed since the newest good backup of the chain; arguments and errors as for :func:`base`.

    Raises:
        BackupUnknown: there is no base to add to.
        BackupError: data checksums were turned on or off since; or as above.
        BackupDamaged: the backup that it would add to is not what was written.
    """
    with taking.begun(settings, folder, Kind.INCREMENTAL) as run:
        needs.check_source(run.connection, "an incremental would add to a base of its source")
        needs.check_incremental(run.connection)
        entries = run.catalogue.proved(run.catalogue.read()[0])
        identity = run.connection.execute(IDENTITY).one()
        parent = chain.newest(entries, identity.system)
        if chain.place(parent).checksums != (identity.checksums == "on"):  # pg_checksums rewrites every page, and WAL does not tell
            raise BackupError(f"data checksums were turned {identity.checksums} after {parent.id}: {NEW_BASE}")
        with run.catalogue.reading([parent]):
            check_manifest(folder, parent)
            return _take(run, parent, steps)


def programs_for(entry: Entry, *names: str) -> Programs:
    """Return the programs of the version that took a backup, ``names`` among them.

    Raises:
        ProgramMissing: they are not here.
    """
    version = major_version(entry.server_version)
    programs = Programs.find(version)
    if programs.major != version:
        raise ProgramMissing(
            f"{entry.id} is of PostgreSQL {version}, whose own programs are needed to restore it: install postgresql-{version}"
        )
    programs.require(*names)
    return programs


def check_programs(programs: Programs, version: int) -> None:
    """Whether programs are of the server's very version.

    Raises:
        ProgramMissing: they are not.
    """
    if programs.major != version:
        raise ProgramMissing(
            f"programs of PostgreSQL {version} itself are needed, since others cannot read its WAL, and here are those of"
            f" {programs.version}: install postgresql-{version}"
        )


def _take(run: Taking, parent: Entry | None, steps: Steps) -> Entry:
    check_programs(run.programs, taking.major(run.connection))
    identity = run.connection.execute(IDENTITY).one()
    places = run.connection.execute(PLACES).all()
    run.connection.rollback()  # a long transaction would hold back vacuum
    with drafted(run.catalogue.folder, f"{run.id}{SUFFIX}") as tree:
        data = tree.path / DATA
        arguments = [f"--pgdata={data}", "--checkpoint=fast", "--wal-method=stream", f"--manifest-checksums={MANIFEST_CHECKSUMS}"]
        arguments += [
            f"--tablespace-mapping={_escaped(place.location)}={_escaped(str(tree.path / TABLESPACES / str(place.oid)))}" for place in places
        ]
        if parent:
            arguments.append(f"--incremental={run.catalogue.folder.path / parent.parts[0].file / DATA / MANIFEST}")
        copying = running(run.programs.command("pg_basebackup", *arguments), run.url, keep=(tree.lock,))
        with copying as (_, ended), _watched(run.connection, steps, whole=parent is None):
            try:
                ended()
            except BackupError as error:
                if SUMMARIES in str(error):
                    raise BackupError(f"{error}; the server does not know any more what changed: {NEW_BASE}") from None
                raise
        entry = run.catalogue.signed(_entry(run, parent, tree, identity, configuration.take(run.connection, tree.path)))
        run.connection.rollback()
        run.catalogue.add(entry, [tree])
    return entry


@contextmanager
def _watched(connection: Connection, steps: Steps, *, whole: bool) -> Iterator[None]:
    """Ask the server in the meantime how far it is."""
    if steps is UNWATCHED:
        yield
        return
    ended = threading.Event()

    def look() -> None:
        passed = None
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            for row in connection.execute(PROGRESS):
                if passed is None:  # of an incremental it estimates what a base would take
                    steps.begin("copying the cluster" if whole else "copying what changed", row.total if whole else None)
                steps(row.streamed - (passed or 0))
                passed = row.streamed
            connection.rollback()

    with ThreadPoolExecutor(1) as beside:
        watching = beside.submit(look)
        try:
            yield
        finally:
            ended.set()
        watching.result()


def _entry(run: Taking, parent: Entry | None, tree: Tree, identity: Row[Any], taken: Taken) -> Entry:
    moment = run.connection.execute(MOMENT).one()
    data = tree.path / DATA
    label = START.search((data / "backup_label").read_text(encoding="utf-8", errors="replace"))
    assert label is not None  # noqa: S101 (pg_basebackup wrote it)
    manifest = (data / MANIFEST).read_bytes()
    last = json.loads(manifest)["WAL-Ranges"][-1]
    return Entry(
        id=run.id,
        kind=run.kind,
        started=run.started,
        finished=datetime.now(UTC),
        server=taking.address(run.url),
        rescued=identity.rescued,
        server_version=identity.version.split()[0],
        client_version=run.programs.version,
        compression="none",
        parts=(Part(file=tree.name, bytes=tree.size, sha256=sha256(manifest).hexdigest()),),
        physical=Physical(
            parent=parent.id if parent else None,
            system_identifier=identity.system,
            timeline=last["Timeline"],
            start_lsn=label[1],
            stop_lsn=last["End-LSN"],
            start_wal=label[2],
            checksums=identity.checksums == "on",
            superuser=identity.superuser,
            consistent_at=moment.time,
            next_xid=int(moment.next_xid),
            segment_bytes=identity.segment_bytes,
            configuration=taken.configuration,
            unread=taken.unread,
            wal=wal_hashes(data),
        ),
    )


def _escaped(path: str) -> str:
    return path.replace("=", r"\=")

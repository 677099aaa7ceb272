"""The files of a cluster: proved, and put in their place."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from sqlalchemy import URL

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import running
from app_schema.errors import BackupDamaged, BackupError
from app_schema.physical.archive import opened
from app_schema.physical.layout import CONFIGURATION, DATA, LINKS, TABLESPACES, WAL, data_of
from app_schema.physical.proof import prove, proving
from app_schema.restore import configuration

if TYPE_CHECKING:
    from pathlib import Path

    from app_schema.backup.folder import Folder
    from app_schema.backup.steps import Steps
    from app_schema.embedded.account import Account
    from app_schema.restore.plan import Plan


def bring(folder: Folder, way: Plan, home: Path, account: Account, steps: Steps) -> BackupDamaged | None:
    """Prove the chain and copy it; return what is damaged of it, which the catalogue knows then, and another chain may do."""
    base, *increments = way.members
    looked_at = base
    try:
        for number, member in enumerate(increments, 1):
            steps.begin(f"proving incremental {number} of {len(increments)}")
            looked_at = member
            prove(folder, member, way.programs)
        steps.begin(f"copying {max(member.size for member in way.members) / 1e6:,.0f} MB, and proving the base")
        looked_at = base
        with proving(folder, base, way.programs) as proved:
            try:
                _copy(folder, way, home, account)
            except (BackupError, OSError):
                proved()  # which says better what is wrong
                raise
            proved()
    except BackupDamaged as damage:
        Catalogue(folder).note_look(looked_at.id, str(damage))
        if way.target.backup is not None:
            raise
        for made in (home / DATA, home / TABLESPACES, home / CONFIGURATION):
            shutil.rmtree(made, ignore_errors=True)
        return damage
    return None


def _copy(folder: Folder, way: Plan, home: Path, account: Account) -> None:
    """Put the files in their place: the chain combined, the WAL beside it."""
    data = home / DATA
    sources = [data_of(folder, member) for member in way.members]
    places = sorted((sources[-1].parent / TABLESPACES).glob("*"))
    if len(sources) > 1:
        moved = [f"--tablespace-mapping={place}={home / TABLESPACES / place.name}" for place in places]
        command = way.programs.command("pg_combinebackup", "--no-sync", "--no-manifest", f"--output={data}", *moved, *map(str, sources))
        try:
            _combine([*command, "--copy-file-range"])
        except BackupError:  # a kernel or a file system that cannot
            for made in (data, home / TABLESPACES):
                shutil.rmtree(made, ignore_errors=True)
            _combine(command)
    else:
        shutil.copytree(sources[0], data, symlinks=True)
        for place in places:
            shutil.copytree(place, home / TABLESPACES / place.name)
            link = data / LINKS / place.name
            link.unlink()
            link.symlink_to(home / TABLESPACES / place.name)
    _stage(way, data / WAL)
    configuration.lay(folder, way.backup, home)
    (data / "recovery.signal").touch()
    (data / "backup_manifest").unlink(missing_ok=True)  # it speaks of other files from now on
    laid = home / CONFIGURATION
    beside = (laid, *laid.rglob("*")) if laid.exists() else ()
    for path in (data, *data.rglob("*"), *(home / TABLESPACES).rglob("*"), *beside):
        if account.switched:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    data.chmod(0o700)


def _combine(command: list[str]) -> None:
    with running(command, URL.create("postgresql")) as (_, ended):
        ended()


def _stage(way: Plan, wal: Path) -> None:
    """Put the WAL up to the target beside the data, so that the restored cluster needs no archive."""
    last = way.wal.archive.number(way.stop) + 1  # the record at the end may go on in the next segment
    size = way.wal.archive.segment_bytes
    for file in way.wal.files:
        target = wal / file.segment.name(size)
        if file.segment.number <= last and file.path.parent != wal:
            file.copy(target)
    for timeline in way.wal.archive.histories:
        name = f"{timeline:08X}.history"
        _copy_file(way.wal.archive.files[name], wal / name)


def _copy_file(source: Path, target: Path) -> None:
    with opened(source) as stored, target.open("wb") as copy:
        shutil.copyfileobj(stored, copy, 1 << 20)
    target.chmod(0o600)

"""Results of drills in the bucket, beside the copies: a host that cannot open its backups learns there that they can be restored.

Each result is an object of its own, ``<id>.drill-<time>.json``, so nothing is overwritten and two machines cannot meet. Who may write to
the bucket may write one; on a host with a key for seals (:mod:`.seal`) only those count that were made with it.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from app_schema.backup import seal
from app_schema.backup.copies import Copies
from app_schema.backup.event import Drill  # noqa: TC001 (pydantic reads the annotation)
from app_schema.backup.names import ID
from app_schema.backup.record import Record
from app_schema.backup.storage import explained
from app_schema.backup.upload import UploadFailed
from app_schema.backup.upload import send as send_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from app_schema.backup.catalogue import Catalogue
    from app_schema.backup.entry import Entry
    from app_schema.backup.upload import Bucket

NAME = re.compile(rf"({ID.pattern})\.drill-\d{{8}}T\d{{12}}Z\.json")
LARGEST = 1 << 20  # bytes


class Result(Record):
    """What is stored.

    Attributes:
        backup: its id.
        sha256: of each part of the backup: the drill was of these very bytes.
        mac: the seal of all this, where the machine that tried it has the key.
    """

    backup: str
    sha256: tuple[str, ...]
    drill: Drill
    mac: str | None = None

    def taken(self) -> bytes:
        """Return what the seal is over."""
        return self.model_dump_json(exclude={"mac"}).encode()


class Taken(NamedTuple):
    """A result that was made on another machine and is in this catalogue now."""

    backup: str
    drill: Drill


def send(catalogue: Catalogue, entry_id: str, bucket: Bucket) -> int:
    """Copy the results of a backup's drills that the bucket lacks, if it holds the backup; return how many they were.

    Raises:
        FetchFailed: the bucket cannot be listed.
        UploadFailed: the storage refused, or holds something else than what was sent.
    """
    from boto3.exceptions import Boto3Error  # noqa: PLC0415 (an optional extra, and slow to load)
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    entry = next((each for each in catalogue.read()[0] if each.id == entry_id), None)
    url = f"s3://{bucket.name}/{bucket.key(f'{entry_id}.json')}"
    if entry is None or not any(copy.url == url for copy in entry.uploads):
        return 0
    there = Copies(bucket).beneath(f"{entry_id}.drill-")
    prefix = len(f"{entry_id}.drill-")
    missing = [drill for drill in entry.drills if name_of(entry.id, drill)[prefix:] not in there]
    try:
        for drill in missing:
            with catalogue.folder.draft(f"{name_of(entry.id, drill)}.copy") as draft:
                result = Result(backup=entry.id, sha256=_hashes(entry), drill=drill)
                if key := catalogue.folder.seal:
                    result = result.model_copy(update={"mac": key.of(seal.DRILL, result.taken())})
                with catalogue.folder.writing(draft.path):
                    draft.file.write(result.model_dump_json(indent=1, exclude_none=True).encode())
                send_file(bucket, draft.path, name_of(entry.id, drill), None)
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise UploadFailed(
            f"the result of the drill is in the folder and could not be copied to s3://{bucket.name}: {explained(error, bucket.name)};"
            f" it is sent with the next drill of {entry.id}"
        ) from None
    return len(missing)


def take(catalogue: Catalogue, bucket: Bucket, say: Callable[[str], None]) -> list[Taken]:
    """Enter the results that the bucket holds and the catalogue lacks, and return them.

    Args:
        catalogue: whose backups they are; results of other backups are passed over.
        bucket: where they are.
        say: is told why one was not taken.

    Raises:
        FetchFailed: the storage cannot be reached or refused.
    """
    copies, key = Copies(bucket), catalogue.folder.seal
    entries = {entry.id: entry for entry in catalogue.read()[0]}
    known = {name_of(entry.id, drill) for entry in entries.values() for drill in entry.drills}
    taken = []
    for name, stored in sorted(copies.objects.items()):
        match = NAME.fullmatch(name)
        entry = entries.get(match[1]) if match else None
        if entry is None or name in known:
            continue
        content = BytesIO()
        if stored.bytes <= LARGEST:
            copies.download([name], content, threads=False)
        result = _read(content.getvalue(), entry, name)
        if result is None:
            say(f"{copies.url}/{name} is no result of a drill of {entry.id}, and was not taken")
            continue
        if key and (why := key.wrong(seal.DRILL, result.taken(), result.mac)):
            say(f"{copies.url}/{name} {why}, and was not taken")
            continue
        _enter(catalogue, entry.id, result.drill)
        taken.append(Taken(entry.id, result.drill))
    return taken


def _enter(catalogue: Catalogue, entry_id: str, drill: Drill) -> None:
    def change(now: Entry) -> Entry:
        return now.model_copy(update={"drills": tuple(sorted({*now.drills, drill}, key=lambda each: each.at))})

    catalogue.amend(entry_id, change)


def _read(content: bytes, entry: Entry, name: str) -> Result | None:
    try:
        result = Result.model_validate_json(content)
    except ValidationError:
        return None
    fits = (result.backup, result.sha256, name_of(entry.id, result.drill)) == (entry.id, _hashes(entry), name)
    return result if fits else None


def name_of(backup: str, drill: Drill) -> str:
    """Return the name of the object for the result of a drill."""
    return f"{backup}.drill-{drill.at:%Y%m%dT%H%M%S%f}Z.json"


def _hashes(entry: Entry) -> tuple[str, ...]:
    return tuple(part.sha256 for part in entry.parts)

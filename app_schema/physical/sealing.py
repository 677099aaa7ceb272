"""A seal for a backup that was taken without one: by a machine without a key, or before there were keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.backup.upload import send_entry
from app_schema.errors import BackupDamaged
from app_schema.physical.layout import data_of, wal_hashes

if TYPE_CHECKING:
    from app_schema.backup.catalogue import Catalogue
    from app_schema.backup.entry import Entry
    from app_schema.backup.upload import Bucket


def seal_entry(catalogue: Catalogue, entry: Entry, bucket: Bucket | None) -> Entry:
    """Seal a backup that was just found to be as written, in the bucket too if it was copied there; return the entry as it is now.

    Whoever calls this says that the backup was taken on this host: nothing else proves it.

    Raises:
        BackupDamaged: its entry is another one by now.
        BackupUnknown: it was removed in the meantime.
        UploadFailed: the storage cannot be reached or refused; it is sealed in the folder.
    """

    def change(now: Entry) -> Entry:
        if now.taken() != entry.taken():
            raise BackupDamaged(f"{entry.id} was changed while it was verified, and was not sealed")
        if now.physical and not now.physical.wal:
            wal = wal_hashes(data_of(catalogue.folder, now))
            now = now.model_copy(update={"physical": now.physical.model_copy(update={"wal": wal})})
        return catalogue.signed(now)

    done = catalogue.amend(entry.id, change)
    if bucket and done.uploads:
        send_entry(catalogue, done, bucket)
    return done

"""Copies elsewhere: S3-compatible storage, encrypted there as well, and the checksum read back."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app_schema.backup.event import Upload
from app_schema.backup.storage import SEAL, explained
from app_schema.backup.verify import check_part
from app_schema.errors import BackupError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app_schema.backup.catalogue import Catalogue
    from app_schema.backup.entry import Entry
    from app_schema.backup.holding import Part
    from app_schema.settings import Settings

PIECE = 64 << 20  # bytes of one request; at most 10,000 of them make an object, so 640 GB
ENCRYPTION = "AES256"  # by the storage itself, on top of what the backup is encrypted with
TIMES = {"connect_timeout": 10, "read_timeout": 60}  # seconds


class UploadFailed(BackupError):
    """The backup could not be copied elsewhere; it is in the folder."""


@dataclass(frozen=True)
class Bucket:
    """Where copies go; ``client`` is boto3's."""

    name: str
    prefix: str
    client: Any

    @classmethod
    def of(cls, settings: Settings) -> Bucket | None:
        """Return the settings' bucket, None when they name none. Keys come from where boto3 looks for them.

        Raises:
            SettingsError: the endpoint would carry backups in clear over a network, or boto3 cannot use what it finds in the environment.
            UploadFailed: boto3 is not installed.
        """
        if settings.backup_s3_url is None:
            return None
        if settings.backup_s3_endpoint:
            _refuse_clear_text(settings.backup_s3_endpoint)
        try:
            import boto3  # noqa: PLC0415 (an optional extra, and slow to load)
            from botocore.config import Config  # noqa: PLC0415
            from botocore.exceptions import BotoCoreError  # noqa: PLC0415
        except ModuleNotFoundError:
            raise UploadFailed("APP_SCHEMA_BACKUP_S3_URL needs boto3: pip install 'app_schema[s3]'") from None
        place = urlsplit(settings.backup_s3_url)
        config = Config(**TIMES, retries={"total_max_attempts": 3})
        try:
            client = boto3.client("s3", endpoint_url=settings.backup_s3_endpoint, config=config)
        except (BotoCoreError, ValueError) as error:
            raise SettingsError(f"APP_SCHEMA_BACKUP_S3_URL cannot be used: {explained(error, place.netloc)}") from None
        return cls(place.netloc, place.path.strip("/"), client)

    def key(self, name: str) -> str:
        """Return the key of a file."""
        return f"{self.prefix}/{name}" if self.prefix else name


def upload(
    catalogue: Catalogue,
    entry: Entry,
    bucket: Bucket,
    report: Callable[[int], None] | None = None,
    send_part: Callable[[Part], str | None] | None = None,
) -> Entry:
    """Copy a backup's files and then its entry, and note it in the catalogue; return the entry as it is now.

    Args:
        catalogue: which has it.
        entry: the backup.
        bucket: where to.
        report: is told of the bytes as they go.
        send_part: sends a part that is no file, and returns how the storage encrypts it.

    Raises:
        BackupDamaged: a file is not what was written; it was not sent.
        UploadFailed: the storage cannot be reached, refused, or holds something else than what was sent.
        BackupBusy: another upload of this backup did not end in time.
    """
    with catalogue.folder.alone(f"upload of {entry.id}"):  # pieces of two would be mixed
        return _upload(catalogue, entry, bucket, report, send_part)


def _upload(
    catalogue: Catalogue,
    entry: Entry,
    bucket: Bucket,
    report: Callable[[int], None] | None,
    send_part: Callable[[Part], str | None] | None,
) -> Entry:
    from boto3.exceptions import Boto3Error  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    url = f"s3://{bucket.name}/{bucket.key(f'{entry.id}.json')}"
    try:
        versioning = bucket.client.get_bucket_versioning(Bucket=bucket.name).get("Status") == "Enabled"
        encryption = None
        for part in entry.parts:
            if send_part:
                encryption = send_part(part)
                continue
            path = catalogue.folder.path / part.file
            check_part(path, part)
            encryption = send(bucket, path, part.file, report)
        # last, as in the folder: what has an entry there is whole
        note = catalogue.folder.path / f"{entry.id}.json"
        send(bucket, note, note.name, None)
    except (Boto3Error, BotoCoreError, ClientError) as error:
        cure = f"when that is mended: app-schema backup upload {entry.id}"
        raise UploadFailed(
            f"{entry.id} is in the folder and could not be copied to {url}: {explained(error, bucket.name)}; {cure}"
        ) from None
    done = Upload(at=datetime.now(UTC), url=url, versioning=versioning, server_side_encryption=encryption)
    return catalogue.amend(entry.id, lambda now: now.model_copy(update={"uploads": (*now.uploads, done)}))


def send_entry(catalogue: Catalogue, entry: Entry, bucket: Bucket) -> None:
    """Copy a backup's entry once more, as it is now.

    Raises:
        UploadFailed: the storage cannot be reached, refused, or holds something else than what was sent.
    """
    from boto3.exceptions import Boto3Error  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    note = catalogue.folder.path / f"{entry.id}.json"
    try:
        send(bucket, note, note.name, None)
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise UploadFailed(f"{note.name} could not be copied to s3://{bucket.name}: {explained(error, bucket.name)}; try again") from None


def send(bucket: Bucket, path: Path, name: str, report: Callable[[int], None] | None, *, seal: str | None = None) -> str | None:
    """Send one file under a name, read its checksum back, and return how the storage encrypts it; boto3's errors as they are.

    Args:
        bucket: where to.
        path: of the file.
        name: of the object, beneath the prefix.
        report: is told of the bytes as they go.
        seal: is kept with the object.

    Raises:
        UploadFailed: the storage holds something else than what was sent.
    """
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415

    key = bucket.key(name)
    bucket.client.upload_file(
        str(path),
        bucket.name,
        key,
        ExtraArgs={"ServerSideEncryption": ENCRYPTION, "ChecksumAlgorithm": "SHA256", "Metadata": {SEAL: seal} if seal else {}},
        Config=TransferConfig(multipart_threshold=PIECE + 1, multipart_chunksize=PIECE),
        Callback=report,
    )
    there = bucket.client.head_object(Bucket=bucket.name, Key=key, ChecksumMode="ENABLED")
    size, checksum = path.stat().st_size, _checksum(path)
    found = str(there.get("ChecksumSHA256")).partition("-")[0]  # of pieces, some storages add how many
    if there["ContentLength"] != size or found != checksum:
        raise UploadFailed(f"the storage holds something else under {key} than what was sent, or keeps no SHA-256; the copy proves nothing")
    encrypted = there.get("ServerSideEncryption")
    return str(encrypted) if encrypted else None


def _checksum(path: Path) -> str:
    # as S3 computes it: of an object that came in pieces, the hash of their hashes
    with path.open("rb") as file:
        pieces = [sha256(piece).digest() for piece in iter(lambda: file.read(PIECE), b"")]
    if path.stat().st_size <= PIECE:
        return b64encode(pieces[0] if pieces else sha256().digest()).decode()
    return b64encode(sha256(b"".join(pieces)).digest()).decode()


def _refuse_clear_text(endpoint: str) -> None:
    place = urlsplit(endpoint)
    if place.scheme == "https" or place.hostname == "localhost":
        return
    try:
        loopback = ip_address(place.hostname or "").is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsError(f"APP_SCHEMA_BACKUP_S3_ENDPOINT {endpoint} would carry backups in clear over the network; use https")

"""The only reader of the environment. The command line builds it, functions take it."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Self

from platformdirs import PlatformDirs
from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError

from app_schema.errors import SettingsError
from app_schema.urls import parse_prepare_threshold, parse_url, split_url

IDENTIFIER_BYTES = 63  # NAMEDATALEN - 1
PLAIN = {"bool_parsing": "says neither yes nor no; write 1 or 0"}  # by the type of pydantic's error


def _default_home() -> Path:
    # root's own data folder is closed to the unprivileged account that the server must run as
    folders = PlatformDirs("app_schema", appauthor=False, use_site_for_root=True)
    return folders.user_state_path if os.geteuid() == 0 else folders.user_data_path


def validate_schema(text: str) -> str:
    """Accept any name that PostgreSQL accepts for a schema of a user's own."""
    if not text.strip():
        raise ValueError("is empty; name a schema, for example public")
    try:
        size = len(text.encode())
    except UnicodeError:
        raise ValueError("is no UTF-8 text; choose another name") from None
    if "\0" in text or size > IDENTIFIER_BYTES:
        raise ValueError(f"is longer than {IDENTIFIER_BYTES} bytes or holds a NUL; choose a shorter name")
    if text == "$user":
        raise ValueError("means the user's own schema in a search_path; choose another name")
    if text.startswith("pg_") or text == "information_schema":
        raise ValueError("is reserved by PostgreSQL; choose a name that does not begin with pg_")
    return text


def _database_url(value: Any) -> Any:
    return parse_url(value) if isinstance(value, str) else value


def _threshold(value: Any) -> Any:
    try:
        return parse_prepare_threshold(value) if isinstance(value, str | URL) else value
    except ArgumentError:  # told by the field of the URL
        return None


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if set(value) & set(";*"):  # silence here would protect nothing
        raise ValueError("holds ; or *; write whole names, separated by commas")
    return frozenset(name.strip() for name in value.split(",") if name.strip())


def _count(unit: str, most: int) -> BeforeValidator:
    def read(value: Any) -> int:
        try:
            count = int(str(value))
        except ValueError:
            count = 0
        if not 1 <= count <= most:
            raise ValueError(f"must be a whole number of {unit}, from 1 to {most}")
        return count

    return BeforeValidator(read)


def _bucket(value: str) -> str:
    if not re.fullmatch(r"s3://[\w.-]+(/[^?#]*)?", value, re.ASCII):
        raise ValueError("names no bucket; write s3://bucket or s3://bucket/prefix")
    split_url(value)
    return value


def _endpoint(value: str) -> str:
    place = split_url(value)
    if place.scheme not in ("https", "http") or not place.hostname or place.path.strip("/") or place.query or place.fragment:
        raise ValueError("is no address of a storage; write https://host or https://host:port, the bucket in APP_SCHEMA_BACKUP_S3_URL")
    if place.username is not None:
        raise ValueError("holds a key; leave it out: keys come from where boto3 looks for them, such as AWS_ACCESS_KEY_ID")
    return value


def _path(value: Path) -> Path:
    try:
        value.expanduser()
    except RuntimeError:
        raise ValueError("begins with ~ and a user that this machine does not have; write the whole path") from None
    return value


Place = Annotated[Path, AfterValidator(_path)]
Threshold = Annotated[int | None, BeforeValidator(_threshold)]
Days = Annotated[int, _count("days", 36_500)]
Weeks = Annotated[int, _count("weeks", 5_200)]


class Settings(BaseSettings):
    """What the environment says.

    Attributes:
        database_url: ``DATABASE_URL``; unset means the embedded server.
        database_direct_url: ``DATABASE_DIRECT_URL``, the server itself if ``DATABASE_URL`` leads through a connection pooler.
        database_read_url: ``DATABASE_READ_URL``, a replica for ``create_engine(read_only=True)``.
        prepare_threshold: what ``DATABASE_URL`` says of it, see :func:`parse_prepare_threshold`.
        read_prepare_threshold: what ``DATABASE_READ_URL`` says of it.
        slack_webhook_url: ``SLACK_WEBHOOK_URL``, an incoming webhook that alerts go to.
        alert_urls: ``APP_SCHEMA_ALERT_URLS``, more of them, as apprise writes them, separated by blanks or commas.
        home: ``APP_SCHEMA_HOME``, the folder of the embedded server.
        schema_name: ``APP_SCHEMA_SCHEMA``, the PostgreSQL schema that holds the tables.
        encryption_keys: ``APP_SCHEMA_ENCRYPTION_KEYS``, ``id:base64,id:base64``, newest first.
        disposable: ``APP_SCHEMA_DISPOSABLE``, whether tests may make and drop databases on the server of ``DATABASE_URL``.
        protect: ``APP_SCHEMA_PROTECT``, names of databases that seeds and tests never touch, separated by commas.
        backup_dir: ``APP_SCHEMA_BACKUP_DIR``, an existing folder of mode 0700; unset means ``backups`` in the home.
        backup_passphrase_file: ``APP_SCHEMA_BACKUP_PASSPHRASE_FILE``, of mode 0600; its first line encrypts backups with GPG.
        backup_passphrase_command: ``APP_SCHEMA_BACKUP_PASSPHRASE_COMMAND``, prints that passphrase instead; run without a shell.
        backup_age_recipients: ``APP_SCHEMA_BACKUP_AGE_RECIPIENTS``, public keys (``age1…``), separated by commas; they go before GPG.
        backup_age_identity_file: ``APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE``, of mode 0600: the secret key that opens those backups.
        backup_seal_key_file: ``APP_SCHEMA_BACKUP_SEAL_KEY_FILE``, of mode 0600; its first line is the key that backups are sealed with.
        backup_dump_days: ``APP_SCHEMA_BACKUP_DUMP_DAYS``, days that dumps and masked copies are kept.
        backup_snapshot_weeks: ``APP_SCHEMA_BACKUP_SNAPSHOT_WEEKS``, weeks that snapshots are kept.
        backup_s3_url: ``APP_SCHEMA_BACKUP_S3_URL``, ``s3://bucket/prefix``: where every backup is copied to.
        backup_s3_endpoint: ``APP_SCHEMA_BACKUP_S3_ENDPOINT``, ``https://…`` of a storage that is not Amazon's.
        backup_wal_dir: ``APP_SCHEMA_BACKUP_WAL_DIR``, where WAL is archived; unset means ``wal`` in the backup folder.
        backup_base_days: ``APP_SCHEMA_BACKUP_BASE_DAYS``, days that base backups are kept.
        backup_window_days: ``APP_SCHEMA_BACKUP_WINDOW_DAYS``, days back to any moment of which a cluster can be restored.
    """

    model_config = SettingsConfigDict(
        env_prefix="APP_SCHEMA_", env_ignore_empty=True, frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    database_url: Annotated[URL | None, BeforeValidator(_database_url)] = Field(None, validation_alias="DATABASE_URL", repr=False)
    database_direct_url: Annotated[URL | None, BeforeValidator(_database_url)] = Field(
        None, validation_alias="DATABASE_DIRECT_URL", repr=False
    )
    database_read_url: Annotated[URL | None, BeforeValidator(_database_url)] = Field(None, validation_alias="DATABASE_READ_URL", repr=False)
    prepare_threshold: Threshold = Field(None, validation_alias=AliasChoices("DATABASE_URL"))
    read_prepare_threshold: Threshold = Field(None, validation_alias=AliasChoices("DATABASE_READ_URL"))
    slack_webhook_url: SecretStr | None = Field(None, validation_alias="SLACK_WEBHOOK_URL")
    alert_urls: SecretStr | None = None
    home: Place = Field(default_factory=_default_home)
    schema_name: Annotated[str, AfterValidator(validate_schema)] = Field("public", validation_alias="APP_SCHEMA_SCHEMA")
    encryption_keys: SecretStr | None = None
    disposable: bool = False
    protect: Annotated[frozenset[str], NoDecode, BeforeValidator(_split)] = frozenset()
    backup_dir: Place | None = None
    backup_passphrase_file: Place | None = None
    backup_passphrase_command: str | None = None
    backup_age_recipients: Annotated[frozenset[str], NoDecode, BeforeValidator(_split)] = frozenset()
    backup_age_identity_file: Place | None = None
    backup_seal_key_file: Place | None = None
    backup_dump_days: Days = 30
    backup_snapshot_weeks: Weeks = 12
    backup_s3_url: Annotated[str, AfterValidator(_bucket)] | None = None
    backup_s3_endpoint: Annotated[str, AfterValidator(_endpoint)] | None = None
    backup_wal_dir: Place | None = None
    backup_base_days: Days = 30
    backup_window_days: Days = 7

    @classmethod
    def from_env(cls) -> Self:
        """Read the environment.

        Raises:
            SettingsError: a variable is malformed; one line names it and its cure, not its value.
        """
        try:
            settings = cls()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            variable = str(first["loc"][0])
            variable = variable if variable.isupper() else f"APP_SCHEMA_{variable.upper()}"
            wrong = PLAIN.get(first["type"], first["msg"].removeprefix("Value error, "))
            raise SettingsError(f"{variable} {wrong}") from None
        if settings.database_direct_url and not settings.database_url:
            raise SettingsError("DATABASE_DIRECT_URL is set without DATABASE_URL; set DATABASE_URL too, which the application uses")
        return settings

    @property
    def server_url(self) -> URL | None:
        """Where commands connect: past the pooler if the settings say how, else as the application does; None: embedded."""
        return self.database_direct_url or self.database_url

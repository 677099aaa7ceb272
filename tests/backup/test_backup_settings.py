"""A setting that is wrong is one line: which, what is wrong with it, and what to write. Never its value."""

import pytest

from app_schema.backup import encryption
from app_schema.engine import create_engine
from app_schema.errors import EncryptionError, SettingsError
from app_schema.settings import Settings

UNREADABLE = "is no URL: a bracket, the port or a character in it is wrong"
DAYS = r"must be a whole number of days, from 1 to 36500"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BACKUP_DUMP_DAYS", "c4nary", DAYS),
        ("BACKUP_DUMP_DAYS", "0", DAYS),
        ("BACKUP_DUMP_DAYS", "1.5", DAYS),
        ("BACKUP_BASE_DAYS", "99999999999999", DAYS),
        ("BACKUP_WINDOW_DAYS", "-1", DAYS),
        ("BACKUP_SNAPSHOT_WEEKS", "5201", "must be a whole number of weeks, from 1 to 5200"),
        ("BACKUP_S3_URL", "c4nary", "names no bucket; write s3://bucket or s3://bucket/prefix"),
        ("BACKUP_S3_URL", "s3://", "names no bucket; .*"),
        ("BACKUP_S3_URL", "s3://key:c4nary@bucket", "names no bucket; .*"),
        ("BACKUP_S3_ENDPOINT", "c4nary:9000", "is no address of a storage; write https://host or https://host:port, the bucket in .*"),
        ("BACKUP_S3_ENDPOINT", "https://host/bucket", "is no address of a storage; .*"),
        ("BACKUP_S3_ENDPOINT", "https://key:c4nary@host", "holds a key; leave it out: keys come from where boto3 looks for them, .*"),
        ("BACKUP_S3_ENDPOINT", "https://u:c4nary@h℀x/", UNREADABLE),
        ("BACKUP_S3_ENDPOINT", "http://[c4nary/y", UNREADABLE),
        ("BACKUP_S3_ENDPOINT", "https://host:c4nary", UNREADABLE),
        ("BACKUP_S3_ENDPOINT", "https://u:c4n\udcffary@host", UNREADABLE),
        ("BACKUP_S3_ENDPOINT", "https://host/#c4nary", "is no address of a storage; .*"),
        ("BACKUP_S3_URL", "s3://[c4nary/y", "names no bucket; .*"),
        ("BACKUP_S3_URL", "s3://c4nary℀x/y", "names no bucket; .*"),
        ("BACKUP_DIR", "~c4nary/x", "begins with ~ and a user that this machine does not have; write the whole path"),
        ("HOME", "~c4nary/x", "begins with ~ and a user that this machine does not have; write the whole path"),
        ("SCHEMA", "c4n\udcffary", "is no UTF-8 text; choose another name"),
        ("DISPOSABLE", "c4nary", "says neither yes nor no; write 1 or 0"),
    ],
)
def test_a_line_of_our_own_and_not_of_a_library(name, value, said, monkeypatch):
    monkeypatch.setenv(f"APP_SCHEMA_{name}", value)
    with pytest.raises(SettingsError, match=f"^APP_SCHEMA_{name} {said}$") as caught:
        Settings.from_env()
    assert "c4nary" not in str(caught.value)


@pytest.mark.parametrize("variable", ["DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_READ_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "u:c4nary@h/d?port=text",
        "u:c4nary@h/d?port=5432&port=x",
        "u:c4nary@h/d?host=a&host=b&port=1&port=2&port=3",
        "u:c4nary%00@h/d",
        "u:c4nary@h/d%00x",
        "u:c4n\udcffary@h/d",
        "u:c4nary@h:text/d",
    ],
)
def test_a_database_url_that_cannot_be_used(variable, url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/d")
    monkeypatch.setenv(variable, f"postgresql://{url}")
    with pytest.raises(SettingsError, match=f"^{variable} .*; write postgresql://user:password@host:5432/database") as caught:
        Settings.from_env()
    assert "c4n" not in str(caught.value)
    with pytest.raises(SettingsError, match=r"^the database URL ") as caught:
        create_engine(f"postgresql://{url}")
    assert "c4n" not in str(caught.value)


@pytest.mark.parametrize("value", ["s3://bucket", "s3://bucket/", "s3://bucket_2/prefix/of it/"])
def test_places_that_are_good(value, monkeypatch):
    monkeypatch.setenv("APP_SCHEMA_BACKUP_S3_URL", value)
    monkeypatch.setenv("APP_SCHEMA_BACKUP_S3_ENDPOINT", "http://127.0.0.1:9000/")
    monkeypatch.setenv("APP_SCHEMA_BACKUP_DUMP_DAYS", " 7 ")
    settings = Settings.from_env()
    assert (settings.backup_s3_url, settings.backup_dump_days) == (value, 7)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo 'c4nary", "has a quote that is not closed; write it as for a shell"),
        (" ", "is blank; give a command that prints the passphrase, such as: pass show backup"),
        ("c4nary", "cannot be run: No such file or directory; give the full path of the program .*"),
        ("/etc/passwd c4nary", "cannot be run: Permission denied; give the full path of the program .*"),
        ("false c4nary", "failed with exit code 1; run the command by itself to see why"),
        ("true", "gives no passphrase: the first line is empty"),
        (r"printf '\377'", "prints what is not UTF-8 text; the first line is the passphrase"),
        ("sleep 9", r"did not answer in 0\.2 s; it must not wait for a person"),
    ],
)
def test_a_command_that_gives_no_passphrase(command, said, monkeypatch):
    monkeypatch.setattr(encryption, "PASSPHRASE_SECONDS", 0.2)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # a folder that is closed to us would be the reason instead
    with pytest.raises(EncryptionError, match=f"^APP_SCHEMA_BACKUP_PASSPHRASE_COMMAND {said}$") as caught:
        encryption.for_writing(Settings(backup_passphrase_command=command))
    assert "c4nary" not in str(caught.value)


def test_a_file_that_gives_no_passphrase(tmp_path):
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    for path in (empty, binary):
        path.touch(mode=0o600)
    binary.write_bytes(b"\xff")
    for path, said in (
        (tmp_path / "nowhere", ": .*nowhere cannot be read: No such file or directory; name a file of this user's, of mode 0600"),
        (tmp_path, f": {tmp_path} is a folder; name the file in it"),
        (binary, ": .*binary cannot be read: it is not UTF-8 text; name a file of this user's, of mode 0600"),
        (empty, " gives no passphrase: the first line is empty"),
    ):
        with pytest.raises(EncryptionError, match=f"^APP_SCHEMA_BACKUP_PASSPHRASE_FILE{said}$"):
            encryption.for_writing(Settings(backup_passphrase_file=path))


@pytest.mark.parametrize("identities", ["", "# none\n", "AGE-SECRET-KEY-1C4NARY\n"])
def test_a_file_that_gives_no_secret_key(identities, tmp_path):
    path = tmp_path / "identity"
    path.touch(mode=0o600)
    path.write_text(identities)
    with pytest.raises(EncryptionError, match=r"^APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE holds .* AGE-SECRET-KEY-1…, ") as caught:
        encryption.for_reading(Settings(backup_age_identity_file=path), "age")
    assert "C4NARY" not in str(caught.value)

"""Copies in a bucket, against an S3 server on loopback."""

import os
import re
from math import inf
from urllib.request import Request, urlopen

import boto3
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError
from click.testing import CliRunner
from moto.server import ThreadedMotoServer
from places import spare

from app_schema.backup import upload as module
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.storage import NO_ANSWER, NO_BUCKET, NO_KEYS, NO_RIGHT, WRONG_KEYS
from app_schema.backup.upload import Bucket, UploadFailed, upload
from app_schema.cli import main
from app_schema.errors import BackupDamaged, SettingsError
from app_schema.restore.dump import restore
from app_schema.restore.source import Source

pytestmark = pytest.mark.usefixtures("broken_off")

BUCKET = "medtranslate-backup"


@pytest.fixture(scope="module")
def storage():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def remote(storage, settings, monkeypatch):
    """Settings that name the bucket, with keys where boto3 looks for them."""
    for name, value in (("ACCESS_KEY_ID", "k"), ("SECRET_ACCESS_KEY", "c4nary"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    client = boto3.client("s3", endpoint_url=storage)
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    return settings.model_copy(update={"backup_s3_url": f"s3://{BUCKET}/postgresql/full/", "backup_s3_endpoint": storage})


def test_a_copy_is_read_back_and_noted(remote, source, folder, filled, tmp_path):
    entry = source.entry
    bucket = Bucket.of(remote)
    done = upload(Catalogue(folder), entry, bucket).uploads[-1]
    assert (done.url, done.server_side_encryption, done.versioning) == (f"s3://{BUCKET}/postgresql/full/{entry.id}.json", "AES256", False)
    bucket.client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    assert upload(Catalogue(folder), entry, bucket).uploads[-1].versioning
    for name in (entry.parts[0].file, f"{entry.id}.json"):
        bucket.client.download_file(BUCKET, f"postgresql/full/{name}", str(tmp_path / name))
    with spare(filled) as target:
        assert restore(remote, Source.find(folder, str(tmp_path / entry.parts[0].file), "x"), target).differences == ()


def test_in_pieces(remote, source, folder, monkeypatch):
    """As a backup of more than 64 MB goes; a piece of S3 has 5 MB at least."""
    monkeypatch.setattr(module, "PIECE", 5 << 20)
    entry = source.entry
    path = folder.path / entry.parts[0].file
    path.write_bytes(os.urandom(12 << 20))
    assert module.send(Bucket.of(remote), path, "pieces", None) == "AES256"


def test_the_storage_holds_something_else(remote, source, folder, monkeypatch):
    entry = source.entry
    monkeypatch.setattr(module, "_checksum", lambda _: "another")
    with pytest.raises(UploadFailed, match="holds something else"):
        upload(Catalogue(folder), entry, Bucket.of(remote))
    assert Catalogue(folder).read()[0][0].uploads == ()


def test_what_is_damaged_is_not_sent(remote, source, folder):
    entry = source.entry
    path = folder.path / entry.parts[0].file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupDamaged):
        upload(Catalogue(folder), entry, Bucket.of(remote))


@pytest.fixture
def strict(storage):
    """The storage looks at keys from now on; yields those of a user who may do nothing."""
    user = boto3.client("iam", endpoint_url=storage)
    user.create_user(UserName="nobody")
    key = user.create_access_key(UserName="nobody")["AccessKey"]
    switch(storage, 0)
    yield key
    switch(storage, inf)
    user.delete_access_key(UserName="nobody", AccessKeyId=key["AccessKeyId"])
    user.delete_user(UserName="nobody")


def switch(storage, free):
    """After how many requests moto begins to ask who may do what."""
    with urlopen(Request(f"{storage}/moto-api/reset-auth", str(free).encode(), {"Content-Type": "text/plain"})) as answer:
        assert answer.status == 200


@pytest.fixture
def refused(remote, source, folder):
    """Copy a backup, which must fail in one line; return what it gives as the reason."""
    entry = source.entry

    def refused(**update):
        with pytest.raises(UploadFailed) as caught:
            upload(Catalogue(folder), entry, Bucket.of(remote.model_copy(update=update)))
        assert Catalogue(folder).read()[0] == [entry]
        cure = f"when that is mended: app-schema backup upload {entry.id}"
        return re.fullmatch(rf"{entry.id} is in the folder and could not be copied to s3://\S+: (.*); {cure}", str(caught.value))[1]

    return refused


def test_each_refusal_has_its_cure(refused, strict, monkeypatch):
    assert refused() == f"{WRONG_KEYS} (InvalidAccessKeyId)"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", strict["AccessKeyId"])
    fresh(monkeypatch)
    assert refused() == f"{WRONG_KEYS} (SignatureDoesNotMatch)"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", strict["SecretAccessKey"])
    fresh(monkeypatch)
    assert refused() == f"{NO_RIGHT.format(bucket=BUCKET)} (AccessDenied)"


def test_no_such_bucket_and_no_answer(refused):
    assert refused(backup_s3_url="s3://nobody-made-this") == f"{NO_BUCKET.format(bucket='nobody-made-this')} (NoSuchBucket)"
    assert refused(backup_s3_url="s3://no_NAME!of-a-bucket").startswith("there is no bucket no_NAME!of-a-bucket there")
    assert refused(backup_s3_endpoint="http://127.0.0.1:9") == f"{NO_ANSWER} (EndpointConnectionError)"


def test_no_keys(refused, monkeypatch):
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"AWS_{name}")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    fresh(monkeypatch)
    assert refused() == f"{NO_KEYS} (NoCredentialsError)"


def test_a_profile_that_nobody_made_is_refused_before_the_dump(remote, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    fresh(monkeypatch)
    with pytest.raises(SettingsError, match=r"^APP_SCHEMA_BACKUP_S3_URL cannot be used: there are no keys .*ProfileNotFound"):
        Bucket.of(remote)


def fresh(monkeypatch):
    """Let boto3 look for keys again."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


def test_a_refusal_in_the_middle_is_explained_too(refused, monkeypatch):
    """boto3 wraps what happens while a file goes in an error and words of its own."""
    real = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")

    def fail(*_arguments, **_options):
        try:
            raise real
        except ClientError as error:
            raise S3UploadFailedError(f"Failed to upload: {error}")  # noqa: B904 (as boto3 does)

    monkeypatch.setattr(module, "send", fail)
    assert refused() == f"{NO_RIGHT.format(bucket=BUCKET)} (AccessDenied)"


@pytest.mark.parametrize("endpoint", ["http://storage.example.kr", "http://10.0.0.5:9000", "http://127.0.0.1.example.kr"])
def test_plain_http_is_refused_off_loopback(endpoint, remote):
    with pytest.raises(SettingsError, match="would carry backups in clear over the network; use https"):
        Bucket.of(remote.model_copy(update={"backup_s3_endpoint": endpoint}))


def test_the_command_copies_after_the_entry(remote, folder, filled):
    variables = {
        "DATABASE_URL": filled.render_as_string(hide_password=False),
        "APP_SCHEMA_BACKUP_DIR": str(folder.path),
        "APP_SCHEMA_BACKUP_S3_URL": remote.backup_s3_url,
        "APP_SCHEMA_BACKUP_S3_ENDPOINT": remote.backup_s3_endpoint,
    }
    done = CliRunner().invoke(main, ["backup", "dump"], env=variables)
    assert done.exit_code == 0, done.stderr
    assert f"copied to s3://{BUCKET}/postgresql/full/" in done.stdout
    assert "keeps no versions" in done.stderr
    away = variables | {"APP_SCHEMA_BACKUP_S3_URL": "s3://nobody-made-this"}
    done = CliRunner().invoke(main, ["backup", "dump"], env=away)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 2)
    assert len(Catalogue(folder).read()[0]) == 2

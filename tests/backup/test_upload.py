"""Copies in a bucket, against an S3 server on loopback."""

import os
import subprocess
import sys

import boto3
import pytest
from moto.server import ThreadedMotoServer
from places import spare

from app_schema.backup import upload as module
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.upload import Bucket, UploadFailed, upload
from app_schema.errors import BackupDamaged, SettingsError
from app_schema.restore.dump import restore
from app_schema.restore.source import Source

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


def test_a_copy_is_read_back_and_noted(remote, folder, filled, tmp_path):
    entry = dump(remote, folder)
    bucket = Bucket.of(remote)
    done = upload(Catalogue(folder), entry, bucket).uploads[-1]
    assert (done.url, done.server_side_encryption, done.versioning) == (f"s3://{BUCKET}/postgresql/full/{entry.id}.json", "AES256", False)
    bucket.client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    assert upload(Catalogue(folder), entry, bucket).uploads[-1].versioning
    for name in (entry.parts[0].file, f"{entry.id}.json"):
        bucket.client.download_file(BUCKET, f"postgresql/full/{name}", str(tmp_path / name))
    with spare(filled) as target:
        assert restore(remote, Source.find(folder, str(tmp_path / entry.parts[0].file), "x"), target).differences == ()


def test_in_pieces(remote, folder, monkeypatch):
    """As a backup of more than 64 MB goes; a piece of S3 has 5 MB at least."""
    monkeypatch.setattr(module, "PIECE", 5 << 20)
    entry = dump(remote, folder)
    path = folder.path / entry.parts[0].file
    path.write_bytes(os.urandom(12 << 20))
    assert module.send(Bucket.of(remote), path, "pieces", None) == "AES256"


def test_the_storage_holds_something_else(remote, folder, monkeypatch):
    entry = dump(remote, folder)
    monkeypatch.setattr(module, "_checksum", lambda _: "another")
    with pytest.raises(UploadFailed, match="holds something else"):
        upload(Catalogue(folder), entry, Bucket.of(remote))
    assert Catalogue(folder).read()[0][0].uploads == ()


def test_what_is_damaged_is_not_sent(remote, folder):
    entry = dump(remote, folder)
    path = folder.path / entry.parts[0].file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupDamaged):
        upload(Catalogue(folder), entry, Bucket.of(remote))


def test_an_unreachable_bucket(remote, folder):
    entry = dump(remote, folder)
    for update in ({"backup_s3_url": "s3://nobody-made-this"}, {"backup_s3_endpoint": "http://127.0.0.1:9"}):
        with pytest.raises(UploadFailed, match=f"is in the folder and could not be copied to .* app-schema backup upload {entry.id}"):
            upload(Catalogue(folder), entry, Bucket.of(remote.model_copy(update=update)))
    assert Catalogue(folder).read()[0] == [entry]


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
    command = [sys.executable, "-c", "from app_schema.cli import main; main()", "backup", "dump"]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"copied to s3://{BUCKET}/postgresql/full/" in done.stdout
    assert "keeps no versions" in done.stderr
    away = variables | {"APP_SCHEMA_BACKUP_S3_URL": "s3://nobody-made-this"}
    done = subprocess.run(command, env=os.environ | away, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(Catalogue(folder).read()[0]) == 2

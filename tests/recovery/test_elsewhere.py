"""A cluster and its WAL in a bucket, encrypted, and back from there."""

import io
import os
import tarfile
from uuid import uuid4

import boto3
import pyrage
import pytest
from folders import place
from moto.server import ThreadedMotoServer
from sources import Source, flip, new_folder

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.folder import UNFINISHED
from app_schema.backup.upload import Bucket, UploadFailed
from app_schema.errors import BackupDamaged
from app_schema.physical import elsewhere
from app_schema.physical.elsewhere import upload, upload_wal
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target

pytestmark = pytest.mark.usefixtures("broken_off")

KEY = pyrage.x25519.Identity.generate()


@pytest.fixture
def remote(source, monkeypatch):
    """Settings that name a bucket on loopback, and a key."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    for name, value in (("ACCESS_KEY_ID", "k"), ("SECRET_ACCESS_KEY", "c4nary"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    name = f"clusters-{uuid4()}"  # the servers of a process share what they hold
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=name)
    recipients = frozenset({str(KEY.to_public())})
    more = {"backup_s3_url": f"s3://{name}/here", "backup_s3_endpoint": endpoint, "backup_age_recipients": recipients}
    yield source.settings.model_copy(update=more)
    server.stop()


def test_there_and_back(remote, source, target, monkeypatch):
    """In pieces; the server, its backups and its archive are gone, the bucket and the key are left."""
    monkeypatch.setattr(elsewhere, "PIECE_BYTES", 20 << 20)
    bucket = Bucket.of(remote)
    catalogue = Catalogue(source.folder)
    for entry in source.entries[:2]:
        assert upload(remote, catalogue, entry, bucket).uploads[-1].server_side_encryption == "AES256"
    assert upload_wal(remote, source.folder, bucket) == len([path for path in source.wal.iterdir() if len(path.name) == 24])
    assert upload_wal(remote, source.folder, bucket) == 0
    assert not list(source.folder.path.glob(f"{UNFINISHED}*"))
    with place() as home:
        there = Source(
            home, source.server, source.settings.model_copy(update={"backup_dir": new_folder(home / "backups")}), source.committed
        )
        wal = there.folder.path / "wal" / source.wal.name
        wal.mkdir(parents=True, mode=0o700)
        pieces = {}
        for page in bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name):
            for each in page["Contents"]:
                content = bucket.client.get_object(Bucket=bucket.name, Key=each["Key"])["Body"].read()
                name = each["Key"].removeprefix("here/")
                if name.endswith(".json"):
                    (there.folder.path / name).write_bytes(content)
                    continue
                assert b"facts" not in content
                if name.startswith("wal/"):
                    (there.folder.path / name.removesuffix(".age")).write_bytes(pyrage.decrypt(content, [KEY]))
                else:
                    pieces[name] = content
        for entry in there.entries:
            mine = [content for name, content in sorted(pieces.items()) if name.startswith(f"{entry.id}.cluster.tar.age.")]
            assert len(mine) > 1
            with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(b"".join(mine), [KEY]))) as tar:
                tar.extractall(there.folder.path)
        done = restore(there.settings, there.folder, Target(), target)
        assert (len(done.plan.members), done.differences) == (2, ())
        assert done.plan.last.xid == source.committed[35][1]  # the unfinished segment stays behind


def test_what_is_damaged_is_not_sent(remote, source):
    bucket = Bucket.of(remote)
    entry = source.entries[0]
    flip(source.folder.path / entry.parts[0].file / "data" / "backup_manifest")
    with pytest.raises(BackupDamaged):
        upload(remote, Catalogue(source.folder), entry, bucket)
    assert "Contents" not in bucket.client.list_objects_v2(Bucket=bucket.name)


def test_a_bucket_that_is_not_there(remote, source):
    bucket = Bucket.of(remote.model_copy(update={"backup_s3_url": "s3://missing"}))
    with pytest.raises(UploadFailed, match="there is no bucket missing there"):
        upload_wal(remote, source.folder, bucket)

"""An S3 server on loopback, and its objects."""

import gc
import os
import warnings
from contextlib import contextmanager
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

PREFIX = "here"
KEYS = {
    "AWS_ACCESS_KEY_ID": "k",
    "AWS_SECRET_ACCESS_KEY": "c4nary",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture
def broken_off():
    """boto3 leaves the connection of a download that broke off to the garbage collector, which would complain in another test."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "unclosed <socket", ResourceWarning)
        yield
        gc.collect()


class Objects:
    """What lies in a bucket of its own, by name beneath the prefix; ``settings`` is what names it to us."""

    def __init__(self, endpoint):
        self.endpoint, self.bucket = endpoint, f"backups-{uuid4()}"  # the servers of a process share what they hold
        self.client = boto3.client("s3", endpoint_url=endpoint)
        self.client.create_bucket(Bucket=self.bucket)

    @property
    def settings(self):
        return {"backup_s3_url": f"s3://{self.bucket}/{PREFIX}", "backup_s3_endpoint": self.endpoint}

    @property
    def environment(self):
        return KEYS | {f"APP_SCHEMA_{name.upper()}": value for name, value in self.settings.items()}

    @property
    def names(self):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return sorted(each["Key"].removeprefix(f"{PREFIX}/") for page in pages for each in page.get("Contents", ()))

    def __getitem__(self, name):
        return self.client.get_object(Bucket=self.bucket, Key=f"{PREFIX}/{name}")["Body"].read()

    def __setitem__(self, name, content):
        self.client.put_object(Bucket=self.bucket, Key=f"{PREFIX}/{name}", Body=bytes(content))

    def __delitem__(self, name):
        self.client.delete_object(Bucket=self.bucket, Key=f"{PREFIX}/{name}")

    @contextmanager
    def changed(self, name, change):
        """Another object in the place of one, none if ``change`` returns None, for as long as the block runs."""
        before = self[name]
        if (content := change(bytearray(before))) is None:
            del self[name]
        else:
            self[name] = content
        try:
            yield
        finally:
            self[name] = before


@contextmanager
def bucket():
    """A bucket that a block has for itself; the keys for it are in the environment."""
    before = {name: os.environ.get(name) for name in KEYS}
    os.environ.update(KEYS)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield Objects("http://{}:{}".format(*server.get_host_and_port()))
    finally:
        server.stop()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def flipped(content):
    """One bit, in the middle."""
    content[len(content) // 2] ^= 1
    return content

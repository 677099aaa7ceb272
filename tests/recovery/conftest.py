"""One source cluster, its backups and its WAL, for all tests that do not change them."""

import subprocess

import pytest
from debian import debian_cluster
from debians import configure
from folders import place
from sources import Source, new_folder

from app_schema.physical.base import base, incremental


@pytest.fixture(scope="session")
def history():
    """A base, two incrementals upon it and WAL in several segments, with rows all along; the receiver has ended."""
    with place() as home:
        source = Source.make(home)
        with source.receiving():
            base(source.settings, source.folder)
            source.add(12)
            source.switch()
            incremental(source.settings, source.folder)
            source.add(12)
            source.switch()
            incremental(source.settings, source.folder)
            source.add(12)
            source.switch()
            source.add(12)
            source.wait_for_receiver()
        yield source


@pytest.fixture(scope="session")
def debian_cluster_of_the_session():
    """A cluster of PostgreSQL 15 as Debian makes it, its settings spread over several files; tests leave it as it was."""
    with debian_cluster() as cluster:
        configure(cluster)
        yield cluster


@pytest.fixture
def source(history):
    """The history in a copy that a test may damage."""
    with place() as home:
        yield history.copy(home)


@pytest.fixture
def target():
    """A folder to restore into; a server that was left running there is stopped."""
    with place("res-") as home:
        yield home / "restored"


@pytest.fixture
def small_disk():
    """A disk of 24 MB where we may mount one."""
    with place() as home:
        path = new_folder(home / "small")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=711", "tmpfs", path], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("this user may not mount a disk")
        yield path
        subprocess.run(["umount", path], check=True)

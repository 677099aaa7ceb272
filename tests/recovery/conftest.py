"""One source cluster, its backups and its WAL, for all tests that do not change them."""

import pytest
from sources import Source, place

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

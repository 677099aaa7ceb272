"""One source cluster, its backups and its WAL for all tests that do not change them."""

import pytest
from databases import make_home, remove_home
from sources import Source


@pytest.fixture(scope="session")
def source():
    """A cluster with a backup folder of its own; a test that damages something takes a copy."""
    home = make_home()
    made = Source.make(home)
    yield made
    made.stop()
    remove_home(home)

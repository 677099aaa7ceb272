"""The server of our own tests: in the cache, one a checkout; its templates outlive a run, the developer's data is never near."""

import fcntl
import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from databases import hasten
from platformdirs import PlatformDirs
from programs import ROOT

from app_schema.embedded import EmbeddedServer
from app_schema.engine import administer
from app_schema.settings import Settings
from app_schema.testing.server import choose

HOMES = PlatformDirs("app_schema-tests", appauthor=False, use_site_for_root=True).user_cache_path
HOME = HOMES / sha256(os.fsencode(ROOT)).hexdigest()[:12]


HANDLE = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def app_schema_server():
    """The server, which need not survive a power cut: waiting for the disk was a good part of every test."""
    url = choose(Settings.from_env())
    with administer(url) as connection:
        hasten(connection)
    return url


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # workers inherit the environment
        config.stash[HANDLE] = enter()


def pytest_unconfigure(config):
    if HANDLE in config.stash:
        leave(config.stash[HANDLE])


def enter():
    """Point every process of this run at the home; return the handle that says it is in use."""
    HOMES.mkdir(mode=0o755, parents=True, exist_ok=True)
    _forget_deleted_checkouts()
    HOME.with_suffix(".checkout").write_bytes(os.fsencode(ROOT))
    handle = os.open(HOME.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_SH)
    for name in ("DATABASE_URL", "DATABASE_DIRECT_URL", "APP_SCHEMA_DISPOSABLE", "APP_SCHEMA_PROTECT", "APP_SCHEMA_SCHEMA"):
        os.environ.pop(name, None)
    os.environ["APP_SCHEMA_HOME"] = str(HOME)
    return handle


def leave(handle):
    """Stop the server, unless another run of this checkout uses it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        EmbeddedServer(HOME).stop()
    finally:
        os.close(handle)


def _forget_deleted_checkouts():
    for note in HOMES.glob("*.checkout"):
        if not Path(os.fsdecode(note.read_bytes())).exists():
            EmbeddedServer(note.with_suffix("")).delete()
            shutil.rmtree(note.with_suffix(""), ignore_errors=True)
            note.with_suffix(".lock").unlink(missing_ok=True)
            note.unlink()

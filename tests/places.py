"""Places for backups and restores: names that no database has, secrets in files, processes that are killed."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pyrage
from databases import administrator, engine_of
from sqlalchemy import text

from app_schema.backup.entry import Entry
from app_schema.backup.folder import Folder
from app_schema.engine import quoted
from app_schema.restore.source import Source

HALF_MADE = "app_schema_restoring_"  # how the names of databases begin that a restore has not finished


@contextmanager
def spare(url, name=None):
    """The URL of a database that is not there; whatever is made of it is dropped."""
    target = url.set(database=name or f"{url.database}_restored")
    try:
        yield target
    finally:
        drop(target, str(target.database))


def drop(url, *names):
    with administrator(url) as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)"))


def databases(url, beginning):
    with administrator(url) as connection:
        found = connection.scalars(text("SELECT datname FROM pg_database WHERE starts_with(datname, :beginning)"), {"beginning": beginning})
        return set(found)


def made(place):
    """A backup folder in a folder."""
    path = place / "backups"
    path.mkdir(mode=0o700)
    return Folder.at(path)


def passphrase(folder, words="c4nary passphrase"):
    """A file with a passphrase, as closed as it must be."""
    path = folder.path.with_name("passphrase")
    path.write_text(f"{words}\n")
    path.chmod(0o600)
    return path


def one(url, sql):
    with engine_of(url).connect() as connection:
        return connection.execute(text(sql)).scalar()


def run(url, *statements):
    with engine_of(url).begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def left_over(url):
    """What restores have left, apart from those of tests that run beside this one."""
    with administrator(url) as connection:
        found = databases(url, HALF_MADE)
        return {
            name
            for name in found
            if connection.scalar(text("SELECT pg_try_advisory_lock(hashtextextended('app_schema.restore:' || :name, 0))"), {"name": name})
        }


def changed(source):
    """The same backup, of which the catalogue says one message more."""
    facts = source.entry.model_dump(mode="json")
    facts["parts"][0]["database"]["proof"]["tables"]["public.messages"]["rows"] += 1
    entry = Entry.model_validate(facts)
    (source.folder.path / f"{entry.id}.json").write_bytes(entry.sealed())
    return Source.find(source.folder, entry.id, "x")


KILLING = """
import os, random, signal, sys, time
from pathlib import Path
from sqlalchemy import make_url
from app_schema.backup.dump import dump
from app_schema.backup.folder import Folder
from app_schema.restore.dump import restore
from app_schema.restore.source import Source
from app_schema.settings import Settings

url, folder, times = make_url(os.environ["URL"]), Folder.at(Path(os.environ["FOLDER"])), int(os.environ["TIMES"])
settings = Settings(DATABASE_URL=url, backup_dir=folder.path)
chance = random.Random(5)
def work():
    {work}
work(); begun = time.monotonic(); work(); whole = time.monotonic() - begun
died = tries = 0
while died < times and tries < 5 * times:  # on a busy machine some work is done before its killer comes
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(whole * (tries % times + chance.random()) / times)
    tries += 1
    os.kill(pid, signal.SIGKILL)
    died += os.waitpid(pid, 0)[1] == signal.SIGKILL
print(died)
"""


def kill_at_random(work, url, folder, times):
    """Do ``work`` so many times in a process that is killed with -9 at moments spread over all of it; return how many it hit."""
    environment = {"URL": url.render_as_string(hide_password=False), "FOLDER": str(folder.path), "TIMES": str(times)}
    script = KILLING.replace("{work}", work)
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def age_keys(folder):
    identity = pyrage.x25519.Identity.generate()
    path = folder.path.with_name("identity")
    path.write_text(f"# a secret key\n{identity}\n")
    path.chmod(0o600)
    return {"backup_age_recipients": frozenset({str(identity.to_public())}), "backup_age_identity_file": path}

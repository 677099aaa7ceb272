"""A project of a user's own, run in a process of its own with a copy of the package whose migrations may change."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from databases import hasten, make_home, remove_home
from programs import ROOT
from sqlalchemy import text

from app_schema.embedded import EmbeddedServer
from app_schema.engine import administer
from app_schema.testing import key

INI = "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function\n"


class Project:
    """A folder with tests in it, and what the server holds of its runs."""

    def __init__(self, folder: Path, package: Path, connection, **environment):
        self.folder = folder
        self.package = package
        self.connection = connection
        self.server = connection.engine.url
        self.environment = environment
        (folder / "pytest.ini").write_text(INI)

    def write(self, tests, conftest=""):
        (self.folder / "test_it.py").write_text(tests)
        (self.folder / "conftest.py").write_text(conftest)

    def start(self, *arguments, **environment):
        environment = os.environ | {"PYTHONPATH": str(self.package)} | self.environment | environment
        # Faker's plugin and Hypothesis's cost more than all the rest; pytest-postgresql's is there for who names it
        plugins = ["no:cacheprovider", "no:faker", "no:hypothesispytest"]
        plugins += ["no:pytest_postgresql"] * (not any("postgresql" in word for word in arguments))
        command = [sys.executable, "-m", "pytest", "-q", *(f"-p{plugin}" for plugin in plugins), *arguments]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={name: value for name, value in environment.items() if not name.startswith("PYTEST_")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments, expected=0, **environment):
        process = self.start(*arguments, **environment)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == expected, output
        return output

    def change_migrations(self, text="# changed\n"):
        with (self.package / "migrations/versions/0025_grant.py").open("a") as file:
            file.write(text)

    @property
    def key(self):
        version, user = self.connection.execute(text("SELECT current_setting('server_version_num'), session_user")).one()
        with (
            patch.object(key, "directory", lambda name: self.package / name),
            patch.object(key, "PACKAGE", self.package / "app_schema"),
        ):
            return key.key(int(version), user, "public", seeded=False)

    @property
    def template(self):
        """The name of the template of its migrations."""
        return f"app_schema_template_{self.key}"

    @property
    def databases(self):
        """What there is on the server, as name: (oid, comment)."""
        found = self.connection.execute(text("SELECT datname, oid, shobj_description(oid, 'pg_database') AS comment FROM pg_database"))
        return {row.datname: (row.oid, row.comment) for row in found}


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    """The package without its history of builds."""
    folder = tmp_path_factory.mktemp("package")
    for name in ("app_schema", "migrations", "seeds"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="session")
def apart():
    """A server that no other run sweeps: their migrations are others, so what is current here is stale to them."""
    home = make_home()
    server = EmbeddedServer(home)
    server.start()
    with administer(server.url("postgres")) as connection:
        hasten(connection)
        yield connection
    remove_home(home)


@pytest.fixture
def project(tmp_path, apart, pristine):
    """A project with migrations and a server of its own."""
    folder = tmp_path / "project"
    folder.mkdir()
    package = tmp_path / "package"
    shutil.copytree(pristine, package)
    project = Project(folder, package, apart, APP_SCHEMA_HOME=str(Path(apart.engine.url.query["host"]).parent))
    project.change_migrations(f"# {uuid4()}\n")
    return project


@pytest.fixture
def same(tmp_path, app_schema_run):
    """A project with the migrations of this checkout, whose template is there already."""
    folder = tmp_path / "same"
    folder.mkdir()
    app_schema_run.template()
    return Project(folder, ROOT, app_schema_run.connection)

"""What a wheel holds, and that it works where there is no checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version

import pytest
from databases import make_home, remove_home
from programs import ROOT

OURS = ("app_schema", "migrations", "seeds")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel, built from an exported tree without git."""
    tree = tmp_path_factory.mktemp("tree")
    for name in (*OURS, "pyproject.toml", "README.md"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree)
    wheels = tmp_path_factory.mktemp("wheels")
    pip("wheel", "--no-deps", "--wheel-dir", str(wheels), str(tree))
    return next(wheels.glob("*.whl"))


def pip(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_wheel_holds_every_file_under_one_name(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    here = {
        path.relative_to(ROOT).as_posix()
        for folder in OURS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == {name if name.startswith("app_schema/") else f"app_schema/{name}" for name in here}


def test_installed_wheel_starts_a_seeded_server_outside_the_checkout(wheel, tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("APP_SCHEMA", "DATABASE_URL", "PYTHON"))}
    # no pip of its own, and nothing compiled but what the commands below import: both took longer than the commands
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    binaries = tmp_path / "env" / "bin"
    pip(
        f"--python={binaries / 'python'}",
        "install",
        "--no-compile",
        "--constraint",
        str(ROOT / "constraints.txt"),
        f"{wheel}[embedded,seeds]",
    )
    home = make_home()
    try:
        for arguments, expected, code in (
            (["app-schema", "up", "--seed"], "rows: ", 0),
            (["app-schema", "db", "check"], "as declared", 0),
            (["app-schema", "maintain", "daily"], "vacuum             done", 0),
            (["app-schema", "monitor"], "critical  backup-age", 3),
            (["app-schema", "monitor", "--format", "html"], "pip install 'app-schema[monitoring]'", 2),
            (["app-schema", "schedule", "cron"], "maintain daily", 0),
            (["python", "-c", "from app_schema.models import Message; print(Message.__tablename__)"], "messages", 0),
            (["app-schema", "down", "--delete"], "stopped, its data removed", 0),
        ):
            done = subprocess.run(
                [binaries / arguments[0], *arguments[1:]],
                cwd=tmp_path,
                env=environment | {"APP_SCHEMA_HOME": str(home)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == code, done.stderr
            assert expected in done.stdout + done.stderr
    finally:
        remove_home(home)


def test_the_package_says_its_version_and_imports_nothing_else():
    program = "import sys, app_schema; print(app_schema.__version__, 'sqlalchemy' in sys.modules, 'pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [version("app-schema"), "False", "False"]

"""What the files of the migrations promise without a database."""

import ast
import re
import shutil
import subprocess
import sys
from hashlib import sha256

import pytest
from programs import ROOT, alembic

from app_schema import objects
from app_schema.models import metadata

MIGRATIONS = ROOT / "migrations"
REVISIONS = sorted((MIGRATIONS / "versions").glob("*.py"))
KINDS = sorted(path.name for path in (MIGRATIONS / "sql").iterdir())


def test_released_files_stay_as_they_are():
    """After adding a revision: make freeze. A released file is never edited; a change is a new file."""
    files = sorted([*(MIGRATIONS / "versions").glob("*.py"), *(MIGRATIONS / "sql").glob("*/*.sql")], key=str)
    now = {path.relative_to(MIGRATIONS).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}
    frozen = dict(reversed(line.split("  ", 1)) for line in (MIGRATIONS / "SHA256SUMS").read_text().splitlines())
    assert now == frozen


@pytest.fixture
def checkout(tmp_path):
    """What make freeze works on, in a copy."""
    shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    shutil.copy(ROOT / "Makefile", tmp_path)
    return tmp_path


def freeze(checkout):
    return subprocess.run(["make", "freeze"], cwd=checkout, capture_output=True, text=True, check=False)


def test_freeze_adds_what_is_new(checkout):
    sums = checkout / "migrations/SHA256SUMS"
    before = sums.read_text()
    (checkout / "migrations/versions/9999_new.py").write_text("new")
    assert freeze(checkout).returncode == 0
    assert sums.read_text() == f"{before}{sha256(b'new').hexdigest()}  versions/9999_new.py\n"
    assert freeze(checkout).returncode == 0
    assert sums.read_text().count("9999") == 1


@pytest.mark.parametrize("change", ["changed", "removed"])
def test_freeze_refuses_what_was_released(change, checkout):
    sums, path = checkout / "migrations/SHA256SUMS", checkout / "migrations" / REVISIONS[0].relative_to(MIGRATIONS)
    before = sums.read_text()
    path.unlink() if change == "removed" else path.write_text("another")
    done = freeze(checkout)
    assert done.returncode != 0
    assert "error: what was released never changes: add a new version or revision" in done.stderr
    assert path.name in done.stdout + done.stderr
    assert sums.read_text() == before


@pytest.mark.parametrize("path", REVISIONS, ids=lambda path: path.stem)
def test_revision_tells_its_locks_and_its_losses(path):
    tree = ast.parse(path.read_text())
    described = ast.get_docstring(tree)
    assert re.search(r"^Locks: \S", described, re.MULTILINE)
    assert re.search(r"^Downgrade: loses \S", described, re.MULTILINE)
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= {"alembic", "sqlalchemy", "sqlalchemy.dialects", "app_schema"}
    assert {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "app_schema" for alias in node.names
    } <= {"objects"}


def test_revisions_are_numbered_in_one_line():
    assert [path.stem[:4] for path in REVISIONS] == [f"{number:04}" for number in range(1, len(REVISIONS) + 1)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_object_is_run_by_a_revision(kind):
    text = "".join(path.read_text() for path in REVISIONS)
    for found in objects.newest(kind):
        called = f'objects.run("{kind}/{found.name}", {found.version})' in text
        looped = kind in ("triggers", "grants") and any(
            f'objects.run(f"{kind}/{{table}}{found.name.removeprefix(table)}", {found.version})' in text for table in metadata.tables
        )
        assert called or looped, found


def test_a_new_revision_comes_with_its_number_and_its_advice(tmp_path, database):
    shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    done = alembic(database, "revision", "--message", "add order notes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    name = f"{len(REVISIONS) + 1:04}_add_order_notes.py"
    assert name in done.stdout
    written = (tmp_path / "migrations/versions" / name).read_text()
    for advice in ("Locks:", "Downgrade:", "CONCURRENTLY", "NOT VALID", "grant it in a new version"):
        assert advice in written
    ast.parse(written)
    lint = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), "--ignore", "D,INP,ERA"]
    subprocess.run([*lint, tmp_path / "migrations/versions" / name], check=True)

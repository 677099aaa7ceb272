"""The documentation says what is so."""

import re
import runpy
import subprocess
import sys

import pytest
from programs import ROOT

README = (ROOT / "README.md").read_text()


def test_the_page_of_the_tables_is_fresh():
    """Cure: make docs."""
    page = runpy.run_path(str(ROOT / "docs/tables.py"))["page"]()
    assert (ROOT / "docs/tables.md").read_text() == page


def test_the_ten_lines_of_the_readme_work(app_schema_database):
    code = re.search(r"## Ten lines that work\n\n```python\n(.*?)```", README, re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line]) <= 10
    text = app_schema_database.url.render_as_string(hide_password=False)
    prepare = f"""
import os; os.environ["DATABASE_URL"] = {text!r}
from app_schema.engine import create_engine
from app_schema.models import ChatRoom, Message
from sqlalchemy import select
from sqlalchemy.orm import Session
with Session(create_engine()) as session, session.begin():
    session.add(ChatRoom())
{code}
with Session(create_engine()) as session:
    print(session.scalars(select(Message.content)).one())
"""
    done = subprocess.run([sys.executable, "-c", prepare], capture_output=True, text=True, check=False)
    assert done.stdout == "예약을 바꾸고 싶어요\n", done.stderr


@pytest.mark.parametrize("path", [*sorted((ROOT / "docs").glob("**/*.md"), key=str), ROOT / "README.md"], ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_every_setting_is_documented():
    settings = (ROOT / "app_schema/settings.py").read_text()
    for variable in set(re.findall(r"``(DATABASE_URL|APP_SCHEMA_[A-Z_]+)``", settings)):
        assert f"`{variable}`" in README


def test_the_ten_lines_of_the_test_kit_work(tmp_path):
    """In a process of its own, as in a project that has installed the wheel."""
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs/testing.md").read_text(), re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line]) <= 10
    (tmp_path / "test_it.py").write_text(code)
    done = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout

"""A name from outside cannot steer the terminal, hide a line or turn the text around."""

import json
from pathlib import Path

import pytest

from app_schema import cli
from app_schema.backup.catalogue import Problem
from app_schema.cli.echo import echo
from app_schema.columns import Columns, plain
from app_schema.printable import visible, visible_json, visible_name

NAMES = {
    "\x1b[2J": r"\x1b[2J",
    "\x9b2J": r"\x9b2J",
    "a\rb": r"a\rb",
    "\u202egnp.exe": r"\u202egnp.exe",
    "\u2066x\u2069": r"\u2066x\u2069",
    "a\u200eb\u061c": r"a\u200eb\u061c",
    "\u2028x\u2029": r"\u2028x\u2029",
    "\ufeff\u200b": r"\ufeff\u200b",
    "\x7f\0": r"\x7f\x00",
    "soft\xad": r"soft\xad",
    "\U000e0041": r"\U000e0041",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_seen_is_escaped(name):
    assert visible(name) == visible_name(name) == NAMES[name]
    assert NAMES[name] in str(Problem(name, "is missing"))
    assert NAMES[name] in plain(Columns({"name": [name]}).fit(None)[0])


@pytest.mark.parametrize("name", ["주문 테이블", "café", "عربى", "日本語", "👩‍💻", "naïve\u0301", "x_1-2.3", "한\u1112\u1161\u11ab"])
def test_what_can_be_seen_stays(name):
    assert visible(name) == visible_name(name) == name


def test_lines_stay_in_prose_and_not_in_names():
    assert visible("one\n\ttwo") == "one\n\ttwo"
    assert visible_name("one\n\ttwo") == r"one\n\ttwo"


@pytest.mark.parametrize("name", NAMES)
def test_json_is_the_same_json(name):
    """And can be read by people."""
    for ascii_ in (True, False):
        shown = visible_json(json.dumps({name: [name, "주문"]}, ensure_ascii=ascii_, indent=1))
        assert json.loads(shown) == {name: [name, "주문"]}
        assert visible(shown) == shown


def test_a_line_of_a_command(capsys):
    """Whatever it says, and wherever it goes."""
    for err in (False, True):
        echo("".join(NAMES), err=err)
    said = capsys.readouterr()
    assert said.out == said.err == "".join(NAMES.values()) + "\n"


def test_every_command_prints_so():
    """click.echo is for what was made safe already."""
    files = Path(cli.__file__).parent.glob("*.py")
    assert sorted(path.name for path in files if "click.echo(" in path.read_text(encoding="utf-8")) == ["echo.py", "monitor.py"]

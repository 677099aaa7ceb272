"""What PostgreSQL's configuration files refer to: ``include`` directives, and lists of names such as ``@admins`` in ``pg_hba.conf``.

Source: src/backend/utils/misc/guc-file.l and src/backend/libpq/hba.c of PostgreSQL.
"""

from __future__ import annotations

import os
import re
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTING = re.compile(r"\s*([A-Za-z_][\w$.]*)\s*=?\s*('(?:[^'\\]|''|\\.)*'|[^\s#']+)")
INCLUDE = re.compile(r'\s*(include(?:_dir|_if_exists)?)\s+("[^"]*"|[^\s#,"]+)')
LIST = re.compile(r'(?:^|(?<=[\s,]))@("[^"]*"|[^\s,"#]+)')
UNCOMMENTED = re.compile(r'(?:[^"#]|"[^"]*")*')
ESCAPED = re.compile(r"''|\\(.)")
DIRECTIVES = ("include", "include_if_exists", "include_dir")
CONF = ".conf"


class Grammar(Enum):
    """How a file is written: as ``postgresql.conf``, or as ``pg_hba.conf`` and ``pg_ident.conf`` (with ``include`` from 16 on)."""

    SETTINGS = auto()
    RULES = auto()


class Reference(NamedTuple):
    """A file or folder that a configuration file includes.

    Attributes:
        path: absolute.
        folder: whether every ``*.conf`` in it is meant.
        optional: whether it may be missing.
    """

    path: str
    folder: bool = False
    optional: bool = False


def setting(line: str) -> str | None:
    """Return the name that a line of ``postgresql.conf`` sets, in small letters; None if it sets nothing."""
    match = SETTING.match(line)
    return match[1].lower() if match else None


def included(line: str, grammar: Grammar, folder: str) -> Reference | None:
    """Return what a line of a file in ``folder`` includes, None if it is no such directive."""
    match = (SETTING if grammar is Grammar.SETTINGS else INCLUDE).match(line)
    if match is None or (name := match[1].lower()) not in DIRECTIVES:
        return None
    value = match[2].strip('"')
    if value.startswith("'"):
        value = ESCAPED.sub(lambda found: found[1] or "'", value[1:-1])
    return Reference(_absolute(value, folder), name == "include_dir", name == "include_if_exists")


def lists(line: str, folder: str) -> Iterator[tuple[str, Reference]]:
    """Yield the lists of names that a line of ``pg_hba.conf`` or ``pg_ident.conf`` refers to, each as written and as a reference."""
    code = UNCOMMENTED.match(line)
    for match in LIST.finditer(code[0] if code else ""):
        yield match[0], Reference(_absolute(match[1].strip('"'), folder), optional=True)  # PostgreSQL starts without it


def references(text: str, grammar: Grammar, folder: str) -> Iterator[Reference]:
    """Yield all that the text of a file in ``folder`` refers to, in order."""
    for line in text.splitlines():
        if found := included(line, grammar, folder):
            yield found
        elif grammar is Grammar.RULES:
            yield from (reference for _, reference in lists(line, folder))


def is_included(name: str) -> bool:
    """Whether ``include_dir`` takes a file of this name."""
    return name.endswith(CONF) and not name.startswith(".")


def _absolute(path: str, folder: str) -> str:
    return os.path.normpath(os.path.join(folder, path))  # noqa: PTH118 (paths of the server, not of this machine)

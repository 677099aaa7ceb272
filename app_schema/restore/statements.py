"""A script of SQL, statement by statement, as psql would send it: without psql, whose meta-commands can run programs.

Source: src/fe_utils/psqlscan.l of PostgreSQL. The server parses each statement; where a script is none that PostgreSQL's
programs write, a statement may end elsewhere than in psql, and the server refuses it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app_schema.errors import RestoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MARK = b"\xef\xbb\xbf"  # of UTF-8, which editors write at the beginning
KEY = re.compile(rb"\\(?:un)?restrict [A-Za-z0-9]+\s*")  # what pg_dump writes for psql, around a script
TOKEN = re.compile(
    rb"""(?P<comment>--[^\n]*)|(?P<block>/\*)|(?P<escaped>[eE]')|(?P<quoted>'|")"""
    rb"""|(?P<dollar>\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$)|(?P<word>[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*)"""
    rb"""|(?P<open>\()|(?P<close>\))|(?P<end>;)|(?P<other>[^\sA-Za-z_'"$();/\x80-\xff-]+|\S)"""
)
ENDS = {b"'": re.compile(rb"'"), b'"': re.compile(rb'"')}
END_OF_ESCAPED = re.compile(rb"(?:[^'\\]|\\.)*(')", re.DOTALL)
NESTED = re.compile(rb"/\*|\*/")
ROUTINES = (b"FUNCTION", b"PROCEDURE")
FIRST_WORDS = 4  # CREATE OR REPLACE FUNCTION


class Statements:
    """Yields the statements of a script; whoever takes one that copies from stdin reads its rows from ``lines`` next.

    Args:
        lines: of the script, each with its end.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.lines = iter(lines)
        self._begin()

    def _begin(self) -> None:
        self._text: list[bytes] = []
        self._inside: bytes = b""  # what has to end first: a quote, E for a string with escapes, * for a comment, or $tag$
        self._comments = 0
        self._parentheses = 0
        self._blocks = 0  # BEGIN and CASE in the body of a routine
        self._words: list[bytes] = []

    def __iter__(self) -> Iterator[bytes]:
        """Yield each statement with its semicolon, and what follows the last one if that is more than blanks and comments.

        Raises:
            RestoreError: the script holds a meta-command of psql or a NUL.
        """
        first = True
        for read in self.lines:
            line = read.removeprefix(MARK) if first else read
            first = False
            if b"\0" in line:
                raise RestoreError("it holds a NUL, so pg_dump did not write it")
            if not self._words and not self._inside and line.lstrip().startswith(b"\\"):
                if KEY.fullmatch(line):
                    continue
                raise RestoreError("it holds a meta-command of psql, which can run programs: restore what pg_dump wrote")
            yield from self._split(line)
        if self._words or self._inside:
            yield b"".join(self._text)

    def _split(self, line: bytes) -> Iterator[bytes]:
        begin = at = 0
        while at < len(line):
            if self._inside:
                at = self._close(line, at)
                continue
            match = TOKEN.search(line, at)
            if match is None:
                break
            at = match.end()
            if self._take(match):
                yield b"".join([*self._text, line[begin:at]])
                self._begin()
                begin = at
        self._text.append(line[begin:])
        if not self._words and not self._inside:  # comments and blanks between statements
            self._text.clear()

    def _take(self, match: re.Match[bytes]) -> bool:
        """Note a token; return whether it ends the statement."""
        kind, token = match.lastgroup, match[0]
        if kind == "block":
            self._inside, self._comments = b"*", 1
        elif kind == "escaped":
            self._inside = b"E"
            self._note(token)
        elif kind in ("quoted", "dollar"):
            self._inside = token
            self._note(token)
        elif kind in ("word", "other"):
            self._note(token.upper())
        elif kind == "open":
            self._parentheses += 1
            self._note(token)
        elif kind == "close":
            self._parentheses -= 1
            self._note(token)
        elif kind == "end":
            return self._parentheses <= 0 and self._blocks <= 0
        return False

    def _note(self, word: bytes) -> None:
        if len(self._words) < FIRST_WORDS:
            self._words.append(word)
        if self._is_routine and self._parentheses == 0:  # an argument may be called begin
            if word == b"BEGIN" or (word == b"CASE" and self._blocks):
                self._blocks += 1
            elif word == b"END" and self._blocks:
                self._blocks -= 1

    @property
    def _is_routine(self) -> bool:
        words = self._words
        return (words[:1] == [b"CREATE"] and (words[1:2] or [b""])[0] in ROUTINES) or (
            words[:3] == [b"CREATE", b"OR", b"REPLACE"] and (words[3:4] or [b""])[0] in ROUTINES
        )

    def _close(self, line: bytes, at: int) -> int:
        """Return where in a line what is inside something goes on outside of it, the line's end if it does not."""
        if self._inside == b"*":
            for match in NESTED.finditer(line, at):
                self._comments += 1 if match[0] == b"/*" else -1
                if self._comments == 0:
                    self._inside = b""
                    return match.end()
            return len(line)
        if self._inside == b"E":
            found = END_OF_ESCAPED.match(line, at)
            end = found.end() if found else -1
        elif self._inside in ENDS:
            found = ENDS[self._inside].search(line, at)
            end = found.end() if found else -1
        else:
            place = line.find(self._inside, at)
            end = place + len(self._inside) if place >= 0 else -1
        if end < 0:
            return len(line)
        self._inside = b""
        return end

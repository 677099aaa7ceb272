"""Text that may hold names from outside, made safe to print: a name cannot move the cursor, hide a line or turn the text around."""

from __future__ import annotations

import json
import re
import unicodedata

CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, format (bidirectional ones among them), surrogates, separators
JOINERS = "\u200c\u200d"  # scripts and emoji are written with them
LINES = "\n\t"
DELETE = "\x7f"  # which json leaves as it is
SUSPECT = re.compile(r"[^\n\t\x20-\x7e\u00a1-\u00ac\u00ae-\u05ff\u1100-\u11ff\u3000-\ud7a3]")  # Latin and Hangul need no closer look


def visible(text: str) -> str:
    r"""Return text with control and bidirectional characters as escapes, such as ``\x1b``; line ends and tabs stay."""
    return SUSPECT.sub(_escaped, text)


def visible_name(text: str) -> str:
    """Return a name likewise, on one line."""
    return "".join(_escape(letter) if letter in LINES else letter for letter in visible(text))


def visible_json(text: str) -> str:
    r"""Return JSON likewise, which it still is: ``\u202e`` in a string of JSON is the character itself."""
    escaped = SUSPECT.sub(lambda match: match[0] if _escaped(match) == match[0] else json.dumps(match[0])[1:-1], text)
    return escaped.replace(DELETE, r"\u007f")


def _escaped(match: re.Match[str]) -> str:
    letter = match[0]
    return _escape(letter) if unicodedata.category(letter) in CATEGORIES and letter not in JOINERS else letter


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")

r"""psql without its meta-commands: a script of somebody else's can hold ``\!``, which runs a program here.

psql has had ``\restrict KEY`` since August 2025: after it, no meta-command is taken but ``\unrestrict KEY``. pg_dump writes both into
its scripts with a key of its own, which whoever writes a script knows. So these two lines are left out, and a key of ours is given.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from app_schema.errors import ProgramMissing

if TYPE_CHECKING:
    from app_schema.backup.programs import Programs
    from app_schema.backup.stream import Writable

SINCE = {13: 22, 14: 19, 15: 14, 16: 10, 17: 6}  # the minor release of each major version
MINOR = re.compile(r"[0-9]+\.([0-9]+)")
KEY = re.compile(rb"\\restrict ([A-Za-z0-9]+)\n")
ROWS = re.compile(rb"COPY .* FROM stdin;\n")
BEGINNING = b"-- PostgreSQL database dump\n"
END_OF_ROWS = b"\\.\n"


def check(programs: Programs) -> None:
    r"""Whether psql knows ``\restrict``.

    Raises:
        ProgramMissing: it is of an older release.
    """
    minor = MINOR.match(programs.version)
    if (since := SINCE.get(programs.major)) and minor and int(minor[1]) < since:
        raise ProgramMissing(
            f"psql {programs.version} in {programs.folder} cannot be kept from running programs that a script names:"
            f" install {programs.major}.{since} or newer (postgresql-client-{programs.major})"
        )


class Restricted:
    r"""Hands a script to psql behind ``\restrict``, without the keys that the script brings along.

    A script of pg_dump has one, between its first comments and its last; a masked copy is made of several such scripts.

    Args:
        target: psql's input.
    """

    def __init__(self, target: Writable) -> None:
        self._target = target
        self._held = b""  # of a line that goes on in the next block
        self._begun = False  # whether a statement came since the script began
        self._key: bytes | None = None
        self._rows = False
        self._target.write(f"\\restrict {secrets.token_hex(16)}\n".encode())

    def write(self, data: bytes, /) -> int:
        """Take some of the script."""
        *lines, self._held = (self._held + data).split(b"\n")
        self._target.write(b"".join(line for line in (each + b"\n" for each in lines) if self._passes(line)))
        return len(data)

    def finish(self) -> None:
        """Hand over what is held back."""
        if self._passes(self._held):
            self._target.write(self._held)

    def _passes(self, line: bytes) -> bool:
        if self._rows:
            self._rows = line != END_OF_ROWS
        elif not self._begun and (match := KEY.fullmatch(line)):
            self._begun, self._key = True, match[1]
            return False
        elif self._key and line == b"\\unrestrict %s\n" % self._key:
            self._begun, self._key = False, None
            return False
        else:
            self._rows = ROWS.fullmatch(line) is not None
            self._begun = line != BEGINNING and (self._begun or not (line.startswith(b"--") or not line.strip()))
        return True

"""The authentic seal of a backup: a keyed hash (HMAC-SHA256), which only a machine with the key can make or check.

An entry also carries a plain hash, which shows damage and proves no origin: whoever can write an entry can compute it. Neither does
encryption with age, since recipients are public.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING

from app_schema.backup import key_file
from app_schema.errors import BackupError, EncryptionError

if TYPE_CHECKING:
    from pathlib import Path

    from app_schema.backup.entry import Entry

VARIABLE = "APP_SCHEMA_BACKUP_SEAL_KEY_FILE"
LEAST = 32  # characters: of what `openssl rand -base64 32` prints there are 44
MAKE = "make one with: (umask 077; openssl rand -base64 32 > FILE)"
ENTRY, WAL, DRILL = "entry", "wal", "drill"  # what was sealed: a seal of one is none of another
NO_KEY = (
    f"note: these backups are as they were written, and who wrote them is not proved: {VARIABLE} names a key that does; see docs/threats.md"
)


class NotSealed(BackupError):
    """Nothing proves that a machine with the seal's key wrote it."""


class Seal:
    """Makes and checks seals; ``key`` is any text."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self.key_id = self._digest("key", b"")[:8]

    @classmethod
    def read(cls, path: Path) -> Seal:
        """Read the key: the first line of a file of mode 0600.

        Raises:
            EncryptionError: it cannot be read, or is too short to be one.
        """
        line = next(iter(key_file.read(path, VARIABLE).splitlines()), "").strip()
        if len(line) < LEAST:
            raise EncryptionError(f"{VARIABLE}: the first line has fewer than {LEAST} characters, which can be guessed; {MAKE}")
        return cls(line)

    def of(self, purpose: str, content: bytes) -> str:
        """Return the seal of a content: which key, and the keyed hash."""
        return f"{self.key_id}:{self._digest(purpose, content)}"

    def wrong(self, purpose: str, content: bytes, seal: str | None) -> str | None:
        """Say what is wrong with a seal; None: a machine with this key made it, of this very content."""
        if not seal:
            return f"carries no seal of {VARIABLE}"
        if not seal.startswith(f"{self.key_id}:"):
            return f"was sealed with another key than the one of {VARIABLE}"
        if not hmac.compare_digest(seal.encode(), self.of(purpose, content).encode()):
            return f"was changed: its seal of {VARIABLE} does not fit"
        return None

    def is_forged(self, entry: Entry) -> bool:
        """Whether an entry names this key and was not sealed with it."""
        return bool(entry.mac and entry.mac.startswith(f"{self.key_id}:") and self.wrong(ENTRY, entry.taken(), entry.mac))

    def _digest(self, purpose: str, content: bytes) -> str:
        return hmac.new(self._key, f"app_schema backup {purpose}\0".encode() + content, sha256).hexdigest()


def why_not(seal: Seal | None, entry: Entry) -> str | None:
    """Say why nothing proves where an entry comes from; None where it is proved, or without a key, which asks for no proof."""
    return seal.wrong(ENTRY, entry.taken(), entry.mac) if seal else None


def check(seal: Seal | None, entry: Entry) -> None:
    """Refuse an entry that nothing proves, if there is a key.

    Raises:
        NotSealed: the line names the ways to go on.
    """
    if why := why_not(seal, entry):
        raise NotSealed(f"{entry.id} {why}, so anybody could have written it: {cure(entry.id)}")


def cure(name: str) -> str:
    """Say how to go on."""
    seal = " ".join(["app-schema backup verify --seal", *([name] if name else [])])
    return f"give --unsealed if you know where it comes from, or run {seal} on the host that took it"

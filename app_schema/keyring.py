"""The keys that encrypt provider keys: AES-256-GCM, each sealed value bound to its row."""

import base64
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from app_schema.errors import KeyringError

if TYPE_CHECKING:
    from uuid import UUID

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from app_schema.settings import Settings

VARIABLE = "APP_SCHEMA_ENCRYPTION_KEYS"
KEY_BYTES = 32  # AES-256
NONCE_BYTES = 12  # 96 bits: NIST SP 800-38D, 8.2.2 allows 2**32 random ones a key
# what we seal opens nowhere else under the same key
_ROW_ONLY = b"app_schema sealed 1\0"  # as it was once: the row's id follows
_CONTEXT = b"app_schema sealed 2\0"  # table and column follow, then the row's id
_COLUMN = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_CURE = 'write id:base64 with a key from "openssl rand -base64 32", for example k1:…'


@dataclass(frozen=True)
class Sealed:
    """An encrypted value, as three columns hold it: map it with ``composite``.

    Attributes:
        ciphertext: The encrypted UTF-8 text and its 16-byte tag.
        nonce: The 12 bytes that GCM was given.
        kek_id: Which key of the ring opens it.
    """

    ciphertext: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    kek_id: str


class Keyring:
    """The live keys, newest first: the first one seals, every one opens.

    To rotate, put a new key in front, seal every row anew, then take the old one out.
    """

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = keys
        self.current = next(iter(keys))

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._keys)})"

    @classmethod
    def from_settings(cls, settings: "Settings") -> Self:
        """Read the ring from ``APP_SCHEMA_ENCRYPTION_KEYS``.

        Raises:
            KeyringError: it is unset or malformed.
        """
        if settings.encryption_keys is None:
            raise KeyringError(f"{VARIABLE} is not set; {_CURE}")
        return cls.parse(settings.encryption_keys.get_secret_value())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``id:base64,id:base64``, newest first.

        Raises:
            KeyringError: a key is malformed or repeated. It is named by its place: even an id
                is not repeated, since a key without its id would stand where the id belongs.
        """
        keys: dict[str, bytes] = {}
        for place, entry in enumerate(text.split(","), start=1):
            name, _, encoded = entry.strip().partition(":")
            if _ID.fullmatch(name) is None:
                raise KeyringError(f"key {place} of {VARIABLE} has no id of 1 to 32 letters, digits, dots and dashes; {_CURE}")
            key = _decode(encoded)
            if len(key) != KEY_BYTES:
                raise KeyringError(f"key {place} of {VARIABLE} is not {KEY_BYTES} bytes in base64; {_CURE}")
            if not any(key):
                raise KeyringError(f"key {place} of {VARIABLE} is all zeros, which anyone can guess; {_CURE}")
            if name in keys or key in keys.values():
                raise KeyringError(f"key {place} of {VARIABLE} repeats the id or the key of an earlier one; remove one of them")
            keys[name] = key
        return cls(keys)

    def seal(self, clear: str, *, owner: "UUID", column: str) -> Sealed:
        """Encrypt a text under the newest key, for one row of one table and column.

        Args:
            clear: the text.
            owner: the row's id.
            column: the table and the attribute that hold it, such as ``api_keys.sealed``.

        Raises:
            KeyringError: the text is empty or holds half a character, or the column is not written so.
        """
        encoded = clear.encode("utf-8", "replace")
        if not clear or encoded.decode() != clear:
            raise KeyringError("There is nothing to encrypt, or the text is no valid Unicode; check the value.")
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(_cipher(self._keys[self.current]).encrypt(nonce, encoded, _bound(owner, column)), nonce, self.current)

    def open(self, sealed: Sealed | None, *, owner: "UUID", column: str) -> str:
        """Decrypt what `seal` made for that row and column, or an earlier version for that row.

        Raises:
            KeyringError: the ring lacks the key, the value was altered or belongs to another row or column, or there is none.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        if sealed is None:
            raise KeyringError("There is nothing to decrypt: this row holds no sealed value.")
        if sealed.kek_id not in self._keys:
            raise KeyringError(f"The key {sealed.kek_id[:32]!r} that encrypted this is not in {VARIABLE}; put it back at the end.")
        cipher = _cipher(self._keys[sealed.kek_id])
        for bound in (_bound(owner, column), _ROW_ONLY + owner.bytes):
            try:
                return cipher.decrypt(sealed.nonce, sealed.ciphertext, bound).decode()
            except (InvalidTag, ValueError):  # ValueError: a nonce of another length
                continue
        reason = "it was altered, moved from another row or column, or that id now names another key; restore the row or the key"
        raise KeyringError(f"A value sealed with the key {sealed.kek_id!r} does not open: {reason}.")


def _bound(owner: "UUID", column: str) -> bytes:
    if not _COLUMN.fullmatch(column):
        raise KeyringError("Name the table and the column that hold the value, such as api_keys.sealed.")
    return _CONTEXT + column.encode() + b"\0" + owner.bytes


def _cipher(key: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - only who seals pays for it

    return AESGCM(key)


def _decode(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except ValueError:
        return b""

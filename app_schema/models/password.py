"""Passwords: clear text goes in, a bcrypt hash is kept, and only a yes or no comes out."""

import re
import unicodedata
from typing import TYPE_CHECKING, NoReturn, Self

from app_schema.errors import PasswordTooLong

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapped

BYTES = 72  # what bcrypt reads of a password; release 5 refuses more, older ones silently cut it
ROUNDS = 12  # the work factor, a power of two: about a quarter of a second
_FORMAT = re.compile(r"\$2[aby]\$([0-3][0-9])\$[./A-Za-z0-9]{53}")


class PasswordHash(str):
    """A bcrypt hash. ``repr`` hides it, and equal passwords have unequal hashes: use `verify`.

    Raises:
        ValueError: the text is no bcrypt hash; the message does not repeat it.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the form of a hash from elsewhere."""
        if _FORMAT.fullmatch(text) is None:
            raise ValueError("this is not a bcrypt hash; to hash a password, call PasswordHash.of")
        return super().__new__(cls, text)

    @classmethod
    def trusted(cls, text: str) -> Self:
        """Take a hash from the database, whose domain has checked it."""
        return super().__new__(cls, text)

    @classmethod
    def of(cls, clear: str, rounds: int = ROUNDS) -> Self:
        """Hash a password; takes a quarter of a second of one core, so use a thread in async code.

        Args:
            clear: The password as typed, 1 to 72 bytes of UTF-8 once NFC-normalised.
            rounds: The work factor, 10 (the domain's minimum) to 31.

        Raises:
            PasswordTooLong: it has more than 72 bytes.
            ValueError: it is empty or holds a NUL or half a character, or the rounds are out of range.
        """
        import bcrypt  # noqa: PLC0415 - models load without it

        if not 10 <= rounds <= 31:  # noqa: PLR2004 - the domain's own bounds
            raise ValueError("bcrypt rounds go from 10 to 31")
        return cls(bcrypt.hashpw(_encode(clear), bcrypt.gensalt(rounds)).decode("ascii"))

    def verify(self, clear: str) -> bool:
        """Whether this is the hash of that password; never raises, as slow as `of`.

        A cheaper hash takes as long: the time of an answer would tell which accounts have an old one. A dearer one takes longer.
        """
        import bcrypt  # noqa: PLC0415

        try:
            encoded = _encode(clear)
        except ValueError:  # no such password can have been set
            return False
        for rounds in range(int(self[4:6]), ROUNDS):  # a work of 2^n, and of 2^n … 2^(ROUNDS - 1) besides, is one of 2^ROUNDS
            bcrypt.hashpw(encoded, f"$2b${rounds:02}${_SALT}".encode("ascii"))
        try:
            return bcrypt.checkpw(encoded, self.encode("ascii"))
        except ValueError:  # a salt that only looks right
            return False

    @staticmethod
    def refuse(clear: str) -> bool:
        """Answer False in the time of a wrong password, for a login that names nobody.

        An answer that comes at once would tell which e-mail addresses have an account.
        """
        _NOBODY.verify(clear)
        return False

    def needs_rehash(self, rounds: int = ROUNDS) -> bool:
        """Whether the work factor is below today's; only a successful login can raise it."""
        return int(self[4:6]) < rounds

    def __repr__(self) -> str:
        return f"PasswordHash('{self[:7]}…')"


# of 32 random bytes that nobody kept
_SALT = "GMADCtG9A7Fp7f0G0/ZQTO"
_NOBODY = PasswordHash("$2b$12$GMADCtG9A7Fp7f0G0/ZQTOqVRV2RQI2zMco5K8A6Yp7TUeqVsTs4e")


def _encode(clear: str) -> bytes:
    # A Mac types Hangul decomposed and Windows composed: without NFC (RFC 8265, 4.2.2) one of them is locked out.
    # NFC never shortens more than fourfold; normalising megabytes would let anybody burn our time.
    if len(clear) > 4 * BYTES:
        raise PasswordTooLong
    text = unicodedata.normalize("NFC", clear)
    if not text or "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("a password may not be empty nor hold a NUL or half a character")
    encoded = text.encode()
    if len(encoded) > BYTES:
        raise PasswordTooLong
    return encoded


class PasswordHolder:
    """Somebody who logs in with a password; the model declares the column `password_hash`."""

    if TYPE_CHECKING:  # an annotation at run time would make SQLAlchemy map a second column
        password_hash: Mapped[PasswordHash | None]

    @property
    def password(self) -> NoReturn:
        """Write only: assigning hashes at once, and the clear text is kept nowhere."""
        raise AttributeError("a password can be set, not read; compare with verify_password")

    @password.setter
    def password(self, clear: str) -> None:
        self.password_hash = PasswordHash.of(clear)

    def verify_password(self, clear: str) -> bool:
        """Whether the password is right; without one, False in the time of a wrong one."""
        if self.password_hash is None:
            return PasswordHash.refuse(clear)
        return self.password_hash.verify(clear)

"""The API keys that we issue: shown once, kept as a hash, never recoverable."""

import secrets
from dataclasses import dataclass, field
from typing import Self

from app_schema.models.types import TokenHash


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, between its making and its showing.

    Attributes:
        clear: ``sk_`` and 43 URL-safe characters (256 random bits); show it once and drop it.
    """

    clear: str = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """Make a key."""
        return cls("sk_" + secrets.token_urlsafe(32))

    @property
    def prefix(self) -> str:
        """The first 8 characters, by which a list tells keys apart."""
        return self.clear[:8]

    @property
    def last4(self) -> str:
        """The last 4 characters; with the prefix they leave 202 unknown bits."""
        return self.clear[-4:]

    @property
    def hash(self) -> TokenHash:
        """What the database keeps."""
        return TokenHash.of(self.clear)

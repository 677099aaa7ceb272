"""Issued keys: 256 random bits, shown once."""

from app_schema.models.issued_key import IssuedKey
from app_schema.models.types import TokenHash


def test_a_key_is_shown_once_and_kept_as_a_hash():
    key = IssuedKey.generate()
    assert key.clear.startswith("sk_")
    assert len(key.clear) == 3 + 43
    assert (key.prefix, key.last4) == (key.clear[:8], key.clear[-4:])
    assert key.hash == TokenHash.of(key.clear)
    assert key.clear[8:-4] not in repr(key)
    assert IssuedKey.generate() != key

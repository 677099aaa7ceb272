"""Secrets of the demo, which are none: every key here is published. No table of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app_schema.keyring import _ROW_ONLY, NONCE_BYTES

if TYPE_CHECKING:
    from .world import World

# APP_SCHEMA_ENCRYPTION_KEYS=demo:ZGVtby1rZXktcHVibGlzaGVkLWluLXRoZS1zZWVkcyE= opens what the seeds have sealed
KEK_ID = "demo"
KEK = b"demo-key-published-in-the-seeds!"


class Columns(NamedTuple):
    ciphertext: bytes
    nonce: bytes
    kek_id: str


def seal(world: World, clear: str, *, owner: str) -> Columns:
    """Seal as ``Keyring.seal`` once did, to the row alone, with a nonce that is the same in every run: fit for what is no secret."""
    nonce = world.digest("nonce", owner)[:NONCE_BYTES]
    return Columns(AESGCM(KEK).encrypt(nonce, clear.encode(), _ROW_ONLY + bytes.fromhex(owner)), nonce, KEK_ID)

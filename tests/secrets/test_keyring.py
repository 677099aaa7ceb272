"""The keyring: seals under the newest key, opens under any, for one row only."""

import base64
import traceback
from dataclasses import replace
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlalchemy import LargeBinary
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, composite, mapped_column

from app_schema.errors import KeyringError
from app_schema.keyring import Keyring, Sealed
from app_schema.settings import Settings

OLD, NEW = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))
CLEAR = "sk-비밀-canary"
ROW, COLUMN = uuid4(), "api_keys.sealed"


class Base(DeclarativeBase):
    pass


class Held(Base):
    __tablename__ = "held"
    __table_args__ = ({"prefixes": ["TEMPORARY"]},)
    id: Mapped[int] = mapped_column(primary_key=True)
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    nonce: Mapped[bytes | None] = mapped_column(LargeBinary)
    kek_id: Mapped[str | None]
    sealed: Mapped[Sealed | None] = composite("ciphertext", "nonce", "kek_id")


@pytest.fixture
def ring():
    return Keyring.parse(f"k2:{NEW}, k1:{OLD}\n")


def test_the_newest_key_seals_and_every_key_opens(ring):
    assert ring.current == "k2"
    sealed = ring.seal(CLEAR, owner=ROW, column=COLUMN)
    assert (sealed.kek_id, len(sealed.nonce), len(sealed.ciphertext)) == ("k2", 12, len(CLEAR.encode()) + 16)
    assert ring.open(sealed, owner=ROW, column=COLUMN) == CLEAR
    assert ring.open(Keyring.parse(f"k1:{OLD}").seal(CLEAR, owner=ROW, column=COLUMN), owner=ROW, column=COLUMN) == CLEAR
    assert ring.seal(CLEAR, owner=ROW, column=COLUMN).nonce != sealed.nonce


def test_a_key_that_is_gone_is_named(ring):
    with pytest.raises(KeyringError, match=r"'k2'.*APP_SCHEMA_ENCRYPTION_KEYS"):
        Keyring.parse(f"k1:{OLD}").open(ring.seal(CLEAR, owner=ROW, column=COLUMN), owner=ROW, column=COLUMN)


@pytest.mark.parametrize("part", ["row", "ciphertext", "nonce", "short nonce", "key"])
def test_what_was_altered_or_moved_does_not_open(ring, part):
    sealed = ring.seal(CLEAR, owner=ROW, column=COLUMN)
    owner = uuid4() if part == "row" else ROW
    if part == "ciphertext":
        sealed = replace(sealed, ciphertext=bytes([sealed.ciphertext[0] ^ 1]) + sealed.ciphertext[1:])
    elif part == "nonce":
        sealed = replace(sealed, nonce=bytes(12))
    elif part == "short nonce":
        sealed = replace(sealed, nonce=b"")
    elif part == "key":
        sealed = replace(sealed, kek_id="k1")
    with pytest.raises(KeyringError, match="does not open"):
        ring.open(sealed, owner=owner, column=COLUMN)


def test_nothing_to_open_or_to_seal_is_refused(ring):
    with pytest.raises(KeyringError, match="no sealed value"):
        ring.open(None, owner=ROW, column=COLUMN)
    for clear in ("", "canary\ud800"):
        with pytest.raises(KeyringError, match="nothing to encrypt") as caught:
            ring.seal(clear, owner=ROW, column=COLUMN)
        assert "canary" not in repr(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (OLD, "has no id"),
        ("", "has no id"),
        (f"k1:{OLD},", "key 2 .* has no id"),
        (f"k/1:{OLD}", "has no id"),
        (f"{'k' * 33}:{OLD}", "has no id"),
        ("k1:", "not 32 bytes"),
        ("k1:" + OLD[:-4], "not 32 bytes"),
        ("k1:" + OLD.rstrip("="), "not 32 bytes"),
        ("k1:카나리", "not 32 bytes"),
        (f"k1:{OLD},k1:{NEW}", "key 2 .* repeats"),
        (f"k1:{OLD},k2:{OLD}", "key 2 .* repeats"),
    ],
)
def test_a_malformed_ring_says_where_and_not_what(text, reason):
    with pytest.raises(KeyringError, match=reason) as caught:
        Keyring.parse(text)
    said = "".join(traceback.format_exception(caught.value))
    assert not any(key.strip("=")[:8] in said for key in (OLD, NEW))
    assert "\n" not in str(caught.value)


def test_settings_hold_the_ring(ring):
    settings = Settings(encryption_keys=SecretStr(f"k2:{NEW},k1:{OLD}"))
    assert repr(Keyring.from_settings(settings)) == repr(ring) == "Keyring(k2, k1)"
    with pytest.raises(KeyringError, match=r"is not set.*openssl rand -base64 32"):
        Keyring.from_settings(Settings(encryption_keys=None))


def test_three_columns_hold_a_sealed_value_or_none(connection, ring):
    Base.metadata.create_all(connection)
    sealed = ring.seal(CLEAR, owner=ROW, column=COLUMN)
    with Session(connection) as session:
        full, empty = Held(sealed=sealed), Held()
        session.add_all([full, empty])
        session.flush()
        session.expire_all()
        assert empty.sealed is None
        assert full.sealed == sealed
        assert ring.open(full.sealed, owner=ROW, column=COLUMN) == CLEAR
        full.sealed = None
        session.flush()
        session.expire_all()
        assert (full.ciphertext, full.nonce, full.kek_id) == (None, None, None)
    assert repr(sealed) == "Sealed(kek_id='k2')"


def test_what_was_moved_to_another_column_does_not_open(ring):
    """An attacker who may write rows puts one secret where another is shown; the row's id may be the same in two tables."""
    sealed = ring.seal(CLEAR, owner=ROW, column="mcp_connections.secrets")
    assert ring.open(sealed, owner=ROW, column="mcp_connections.secrets") == CLEAR
    for column in (COLUMN, "mcp_connections.sealed", "other.secrets"):
        with pytest.raises(KeyringError, match="does not open"):
            ring.open(sealed, owner=ROW, column=column)
    with pytest.raises(KeyringError, match=r"such as api_keys\.sealed"):
        ring.seal(CLEAR, owner=ROW, column="secrets")


def test_what_was_sealed_to_the_row_alone_still_opens(ring):
    """As version 1 did it."""
    cipher = AESGCM(base64.b64decode(OLD))
    sealed = Sealed(cipher.encrypt(b"n" * 12, CLEAR.encode(), b"app_schema sealed 1\0" + ROW.bytes), b"n" * 12, "k1")
    assert ring.open(sealed, owner=ROW, column=COLUMN) == CLEAR
    with pytest.raises(KeyringError, match="does not open"):
        ring.open(sealed, owner=uuid4(), column=COLUMN)


def test_a_key_of_zeros_is_refused():
    with pytest.raises(KeyringError, match=r"^key 2 of APP_SCHEMA_ENCRYPTION_KEYS is all zeros, which anyone can guess"):
        Keyring.parse(f"k2:{NEW}, k1:{base64.b64encode(bytes(32)).decode()}")

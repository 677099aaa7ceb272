"""API keys of two kinds: issued by us (kept as SHA-256), and of AI providers (encrypted)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Self
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from app_schema.errors import KeyringError
from app_schema.keyring import Keyring, Sealed
from app_schema.models.base import Base, Identified, Timestamps, uuid7
from app_schema.models.choice import Choice, one_of
from app_schema.models.issued_key import IssuedKey
from app_schema.models.mask import HMAC, KEEP, NAME, TEXT
from app_schema.models.types import HashedToken, TokenHash

if TYPE_CHECKING:
    from app_schema.models.user import User


SHORTEST_PROVIDER_KEY = 16


class ApiKeyKind(StrEnum):
    """Whose key it is: ours, shown once, or a provider's, which must be read again."""

    ISSUED = "issued"
    PROVIDER = "provider"


class ApiKey(Identified, Timestamps, Base):
    """A key. Make one with :meth:`issue` or :meth:`for_provider`; look an issued one up by ``ApiKey.key_hash == raw``."""

    __tablename__ = "api_keys"
    __table_args__ = (
        one_of("kind", ApiKeyKind),
        CheckConstraint("length(key_prefix) BETWEEN 4 AND 12", name="key_prefix_short"),
        CheckConstraint("length(key_last4) = 4", name="key_last4_is_four"),
        CheckConstraint(
            "(kind = 'issued' AND num_nonnulls(key_ciphertext, key_nonce, kek_id) = 0)"
            " OR (kind = 'provider' AND provider IS NOT NULL AND num_nonnulls(key_ciphertext, key_nonce, kek_id) = 3"
            " AND octet_length(key_ciphertext) > 16 AND octet_length(key_nonce) = 12)",
            name="material_fits_kind",
        ),
        Index("uq_api_keys_hash", "key_hash", unique=True, postgresql_where=text("kind = 'issued'")),
        Index("uq_api_keys_user_name", "user_id", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
        Index("idx_api_keys_user_id", "user_id"),
        Index("idx_api_keys_expires", "expires_at", postgresql_where=text("revoked_at IS NULL AND expires_at IS NOT NULL")),
        Index("idx_api_keys_created_by", "created_by", postgresql_where=text("created_by IS NOT NULL")),
        Index("idx_api_keys_rotated_from", "rotated_from", postgresql_where=text("rotated_from IS NOT NULL")),
        Index("idx_api_keys_kek", "kek_id", postgresql_where=text("kek_id IS NOT NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), doc="Whose key.", info=HMAC)
    kind: Mapped[ApiKeyKind] = mapped_column(Choice(ApiKeyKind), server_default=ApiKeyKind.ISSUED, doc="Ours or a provider's.", info=KEEP)
    name: Mapped[str] = mapped_column(doc="Unique among the user's keys that are not revoked.", info=NAME)
    provider: Mapped[str | None] = mapped_column(doc="The AI provider of a provider key.", info=KEEP)
    key_prefix: Mapped[str] = mapped_column(doc="The first characters, to recognise it by.", info=TEXT)
    key_last4: Mapped[str] = mapped_column(doc="The last four characters, likewise.", info=TEXT)
    key_hash: Mapped[TokenHash] = mapped_column(HashedToken, doc="SHA-256 of the key, in hex.", info=HMAC)
    key_ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary, doc="AES-256-GCM ciphertext and tag; provider keys only.", info=HMAC)
    key_nonce: Mapped[bytes | None] = mapped_column(LargeBinary, doc="12 bytes; provider keys only.", info=HMAC)
    kek_id: Mapped[str | None] = mapped_column(doc="Which encryption key sealed it; provider keys only.", info=KEEP)
    scopes: Mapped[list[str]] = mapped_column(server_default="{}", doc="What an issued key may do.", info=KEEP)
    expires_at: Mapped[datetime | None] = mapped_column(doc="Not valid from here on.", info=KEEP)
    last_used_at: Mapped[datetime | None] = mapped_column(doc="Written at most once a minute.", info=KEEP)
    revoked_at: Mapped[datetime | None] = mapped_column(doc="Taken back.", info=KEEP)
    rotated_from: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"), doc="The key it replaces.", info=KEEP)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), doc="Who made it.", info=HMAC)

    sealed: Mapped[Sealed | None] = composite("key_ciphertext", "key_nonce", "kek_id")

    user: Mapped[User] = relationship(back_populates="api_keys", foreign_keys=[user_id])
    creator: Mapped[User | None] = relationship(foreign_keys=[created_by])
    predecessor: Mapped[ApiKey | None] = relationship(remote_side="ApiKey.id")

    @classmethod
    def issue(cls, *, user_id: UUID, name: str, scopes: Sequence[str] = (), expires_at: datetime | None = None) -> tuple[Self, str]:
        """Make a key of ours: 256 random bits.

        Returns:
            The row to add, and the key in clear. Show it once; it cannot be had again.
        """
        issued = IssuedKey.generate()
        row = cls(
            user_id=user_id,
            kind=ApiKeyKind.ISSUED,
            name=name,
            key_prefix=issued.prefix,
            key_last4=issued.last4,
            key_hash=issued.hash,
            scopes=list(scopes),
            expires_at=expires_at,
        )
        return row, issued.clear

    @classmethod
    def for_provider(cls, *, user_id: UUID, name: str, provider: str, key: str, keyring: Keyring) -> Self:
        """Make a row that holds a provider's ``key`` encrypted with AES-256-GCM and bound to this row's id.

        Raises:
            KeyringError: the keyring holds no key, or ``key`` is too short to be one.
        """
        if len(key) < SHORTEST_PROVIDER_KEY:  # what the list shows of it would be most of it
            raise KeyringError(f"a provider key of fewer than {SHORTEST_PROVIDER_KEY} characters cannot be a real one")
        row_id = uuid7()
        return cls(
            id=row_id,
            user_id=user_id,
            kind=ApiKeyKind.PROVIDER,
            name=name,
            provider=provider,
            key_prefix=key[:4],
            key_last4=key[-4:],
            key_hash=TokenHash.of(key),
            sealed=keyring.seal(key, owner=row_id, column="api_keys.sealed"),
        )

    def reveal(self, keyring: Keyring) -> str:
        """Return a provider key in clear.

        Raises:
            KeyringError: it was sealed with a key that ``keyring`` lacks, belongs to another row, or is an issued key.
        """
        return keyring.open(self.sealed, owner=self.id, column="api_keys.sealed")

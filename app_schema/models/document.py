"""Uploaded documents: what they are, where they lie, how far their processing is."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base, Identified, Json, Timestamps
from app_schema.models.choice import Choice, is_object, one_of
from app_schema.models.mask import EMPTY, HMAC, KEEP, TEXT
from app_schema.models.types import SHA256_HEX

if TYPE_CHECKING:
    from app_schema.models.conversation import Conversation
    from app_schema.models.user import User


class DocumentStatus(StrEnum):
    """How far the processing is."""

    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    ARCHIVED = "archived"


class Document(Identified, Timestamps, Base):
    """A file's metadata; the bytes lie in object storage under ``storage_key``."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("storage_key", name="uq_documents_storage_key"),
        CheckConstraint("size_bytes >= 0", name="size_bytes_not_negative"),
        CheckConstraint("page_count >= 0", name="page_count_not_negative"),
        CheckConstraint("token_count >= 0", name="token_count_not_negative"),
        CheckConstraint("chunk_count >= 0", name="chunk_count_not_negative"),
        one_of("status", DocumentStatus),
        CheckConstraint("status <> 'processing' OR processing_started_at IS NOT NULL", name="processing_has_start"),
        CheckConstraint("status <> 'ready' OR processed_at IS NOT NULL", name="ready_has_time"),
        CheckConstraint("status <> 'failed' OR error IS NOT NULL", name="failed_has_error"),
        is_object("metadata"),
        Index("idx_documents_user_created", "user_id", text("created_at DESC"), text("id DESC")),
        Index("idx_documents_conversation", "conversation_id", postgresql_where=text("conversation_id IS NOT NULL")),
        Index("idx_documents_todo", "created_at", "id", postgresql_where=text("status = 'pending'")),
        Index("idx_documents_status", "status", text("created_at DESC")),
        Index("idx_documents_metadata", "metadata", postgresql_using="gin", postgresql_ops={"metadata": "jsonb_path_ops"}),
        Index("uq_documents_user_sha", "user_id", "sha256", unique=True, postgresql_where=text("deleted_at IS NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), doc="Who uploaded it.", info=HMAC)
    conversation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("conversations.id", ondelete="SET NULL"),
        doc="Where it was uploaded, if in a conversation.",
        info=KEEP,
    )
    title: Mapped[str] = mapped_column(doc="Usually the file's name; a trigger makes it NFC, since a Mac types NFD.", info=TEXT)
    mime_type: Mapped[str] = mapped_column(doc="As detected, not as claimed.", info=KEEP)
    size_bytes: Mapped[int] = mapped_column(BigInteger, doc="Bytes.", info=KEEP)
    storage_key: Mapped[str] = mapped_column(doc="The object's key in storage, unique.", info=HMAC)
    sha256: Mapped[str] = mapped_column(SHA256_HEX, doc="Of the bytes, in hex; the same file twice for one user is refused.", info=HMAC)
    status: Mapped[DocumentStatus] = mapped_column(
        Choice(DocumentStatus),
        server_default=DocumentStatus.PENDING,
        doc="How far the processing is.",
        info=KEEP,
    )
    error: Mapped[str | None] = mapped_column(doc="Why the processing failed.", info=TEXT)
    language: Mapped[str | None] = mapped_column(doc="BCP 47, as detected.", info=KEEP)
    page_count: Mapped[int | None] = mapped_column(Integer, doc="Pages.", info=KEEP)
    token_count: Mapped[int | None] = mapped_column(Integer, doc="Tokens of the extracted text.", info=KEEP)
    chunk_count: Mapped[int | None] = mapped_column(Integer, doc="Chunks in the vector store.", info=KEEP)
    metadata_: Mapped[Json] = mapped_column(
        "metadata", server_default="{}", doc="Tags, author, source; searched by containment (@>).", info=EMPTY
    )
    processing_started_at: Mapped[datetime | None] = mapped_column(doc="When a worker took it.", info=KEEP)
    processed_at: Mapped[datetime | None] = mapped_column(doc="When it became ready.", info=KEEP)
    deleted_at: Mapped[datetime | None] = mapped_column(doc="Soft delete.", info=KEEP)

    user: Mapped[User] = relationship(back_populates="documents")
    conversation: Mapped[Conversation | None] = relationship(back_populates="documents")

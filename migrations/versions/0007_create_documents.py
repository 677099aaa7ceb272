"""Create documents.

Locks: none, the tables are new.
Downgrade: loses every row of documents.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("sha256", postgresql.DOMAIN("sha256_hex", sa.Text(), create_type=False), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("page_count", sa.Integer(), nullable=True),
        sa.Column("token_count", sa.Integer(), nullable=True),
        sa.Column("chunk_count", sa.Integer(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("processing_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("jsonb_typeof(metadata) = 'object'", name=op.f("ck_documents_metadata_is_object")),
        sa.CheckConstraint("status <> 'failed' OR error IS NOT NULL", name=op.f("ck_documents_failed_has_error")),
        sa.CheckConstraint("status <> 'processing' OR processing_started_at IS NOT NULL", name=op.f("ck_documents_processing_has_start")),
        sa.CheckConstraint("status <> 'ready' OR processed_at IS NOT NULL", name=op.f("ck_documents_ready_has_time")),
        sa.CheckConstraint("status IN ('pending', 'processing', 'ready', 'failed', 'archived')", name=op.f("ck_documents_status_known")),
        sa.CheckConstraint("chunk_count >= 0", name=op.f("ck_documents_chunk_count_not_negative")),
        sa.CheckConstraint("page_count >= 0", name=op.f("ck_documents_page_count_not_negative")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_documents_size_bytes_not_negative")),
        sa.CheckConstraint("token_count >= 0", name=op.f("ck_documents_token_count_not_negative")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_documents_conversation_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_documents_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("storage_key", name="uq_documents_storage_key"),
    )
    op.create_index(
        "idx_documents_conversation",
        "documents",
        ["conversation_id"],
        unique=False,
        postgresql_where=sa.text("conversation_id IS NOT NULL"),
    )
    op.create_index(
        "idx_documents_metadata",
        "documents",
        ["metadata"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
    )
    op.create_index("idx_documents_status", "documents", ["status", sa.literal_column("created_at DESC")], unique=False)
    op.create_index("idx_documents_todo", "documents", ["created_at", "id"], unique=False, postgresql_where=sa.text("status = 'pending'"))
    op.create_index(
        "idx_documents_user_created",
        "documents",
        ["user_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "uq_documents_user_sha", "documents", ["user_id", "sha256"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("documents")

"""Create conversations and the messages of conversations and rooms.

Locks: none, the tables are new.
Downgrade: loses every row of conversations, messages.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("system_prompt", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("pinned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("jsonb_typeof(metadata) = 'object'", name=op.f("ck_conversations_metadata_is_object")),
        sa.CheckConstraint("status IN ('active', 'archived')", name=op.f("ck_conversations_status_known")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_conversations_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "idx_conversations_deleted", "conversations", ["deleted_at"], unique=False, postgresql_where=sa.text("deleted_at IS NOT NULL")
    )
    op.create_index("idx_conversations_user_id", "conversations", ["user_id"], unique=False)
    op.create_index(
        "idx_conversations_user_recent",
        "conversations",
        ["user_id", sa.literal_column("last_message_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("parent_message_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("sender_type", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("content_type", sa.Text(), server_default="text", nullable=False),
        sa.Column("original_lang", sa.Text(), nullable=True),
        sa.Column("translated_content", sa.Text(), nullable=True),
        sa.Column("translated_lang", sa.Text(), nullable=True),
        sa.Column("translation_status", sa.Text(), server_default="none", nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), server_default="done", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("client_msg_id", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "content_type IN ('text', 'markdown', 'image', 'file', 'audio', 'event')", name=op.f("ck_messages_content_type_known")
        ),
        sa.CheckConstraint("jsonb_typeof(metadata) = 'object'", name=op.f("ck_messages_metadata_is_object")),
        sa.CheckConstraint(
            "sender_type = 'system' OR (room_id IS NULL) = (sender_type IN ('user', 'assistant', 'tool'))",
            name=op.f("ck_messages_sender_fits_parent"),
        ),
        sa.CheckConstraint(
            "sender_type IN ('user', 'assistant', 'system', 'tool', 'agent', 'customer')", name=op.f("ck_messages_sender_type_known")
        ),
        sa.CheckConstraint("status IN ('streaming', 'done', 'failed', 'cancelled')", name=op.f("ck_messages_status_known")),
        sa.CheckConstraint(
            "translation_status IN ('none', 'pending', 'done', 'failed', 'reviewed')", name=op.f("ck_messages_translation_status_known")
        ),
        sa.CheckConstraint(
            "translation_status NOT IN ('done', 'reviewed') OR translated_content IS NOT NULL",
            name=op.f("ck_messages_translated_has_content"),
        ),
        sa.CheckConstraint("input_tokens >= 0", name=op.f("ck_messages_input_tokens_not_negative")),
        sa.CheckConstraint("num_nonnulls(conversation_id, room_id) = 1", name=op.f("ck_messages_one_parent")),
        sa.CheckConstraint("output_tokens >= 0", name=op.f("ck_messages_output_tokens_not_negative")),
        sa.CheckConstraint("translated_content IS NULL OR translated_lang IS NOT NULL", name=op.f("ck_messages_translation_has_language")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_messages_agent_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["parent_message_id"], ["messages.id"], name=op.f("fk_messages_parent_message_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["room_id"], ["chat_rooms.id"], name=op.f("fk_messages_room_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_messages_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="idx_messages_pk"),
    )
    op.create_index("idx_messages_agent", "messages", ["agent_id"], unique=False, postgresql_where=sa.text("agent_id IS NOT NULL"))
    op.create_index(
        "idx_messages_conversation_timestamp",
        "messages",
        ["conversation_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("conversation_id IS NOT NULL"),
    )
    op.create_index(
        "idx_messages_parent", "messages", ["parent_message_id"], unique=False, postgresql_where=sa.text("parent_message_id IS NOT NULL")
    )
    op.create_index("idx_messages_room_id", "messages", ["room_id"], unique=False)
    op.create_index("idx_messages_room_timestamp", "messages", ["room_id", sa.literal_column("created_at DESC")], unique=False)
    op.create_index("idx_messages_timestamp", "messages", [sa.literal_column("created_at DESC")], unique=False)
    op.create_index(
        "idx_messages_translation_pending",
        "messages",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("translation_status = 'pending'"),
    )
    op.create_index("idx_messages_user", "messages", ["user_id"], unique=False, postgresql_where=sa.text("user_id IS NOT NULL"))
    op.create_index(
        "uq_messages_client_id",
        "messages",
        [sa.literal_column("coalesce(room_id, conversation_id)"), "client_msg_id"],
        unique=True,
        postgresql_where=sa.text("client_msg_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("messages")
    op.drop_table("conversations")

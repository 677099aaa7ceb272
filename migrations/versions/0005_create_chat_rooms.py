"""Create customers' visits and chat rooms.

Locks: none, the tables are new.
Downgrade: loses every row of customer_sessions, chat_rooms.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("token", postgresql.DOMAIN("sha256_hex", sa.Text(), create_type=False), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_active", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("jsonb_typeof(metadata) = 'object'", name=op.f("ck_customer_sessions_metadata_is_object")),
        sa.CheckConstraint("language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'", name=op.f("ck_customer_sessions_language_is_bcp47")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_customer_sessions_expires_after_creation")),
        sa.PrimaryKeyConstraint("id", name="idx_customer_sessions_pk"),
        sa.UniqueConstraint("token", name="uq_customer_sessions_token"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("idx_customer_sessions_created_at", "customer_sessions", ["created_at"], unique=False)
    op.create_index(
        "idx_customer_sessions_expires_at",
        "customer_sessions",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index("idx_customer_sessions_last_active", "customer_sessions", ["last_active"], unique=False)
    op.create_table(
        "chat_rooms",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_session_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("source_lang", sa.Text(), server_default="en", nullable=False),
        sa.Column("target_lang", sa.Text(), server_default="ko", nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_reply_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("agent_last_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer_last_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_chat_rooms_closed_has_time")),
        sa.CheckConstraint("(status = 'waiting') = (waiting_since IS NOT NULL)", name=op.f("ck_chat_rooms_waiting_has_time")),
        sa.CheckConstraint("jsonb_typeof(metadata) = 'object'", name=op.f("ck_chat_rooms_metadata_is_object")),
        sa.CheckConstraint("status <> 'waiting' OR agent_id IS NULL", name=op.f("ck_chat_rooms_waiting_has_no_agent")),
        sa.CheckConstraint("status IN ('waiting', 'active', 'closed')", name=op.f("ck_chat_rooms_status_known")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_chat_rooms_agent_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["customer_session_id"], ["customer_sessions.id"], name=op.f("fk_chat_rooms_customer_session_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="idx_chat_rooms_pk"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("idx_chat_rooms_agent_id", "chat_rooms", ["agent_id"], unique=False)
    op.create_index("idx_chat_rooms_agent_status", "chat_rooms", ["agent_id", "status"], unique=False)
    op.create_index("idx_chat_rooms_created_at", "chat_rooms", [sa.literal_column("created_at DESC")], unique=False)
    op.create_index(
        "idx_chat_rooms_customer_session", "chat_rooms", ["customer_session_id", sa.literal_column("created_at DESC")], unique=False
    )
    op.create_index("idx_chat_rooms_status", "chat_rooms", ["status"], unique=False)
    op.create_index(
        "idx_chat_rooms_waiting",
        "chat_rooms",
        [sa.literal_column("priority DESC"), "waiting_since", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_table("chat_rooms")
    op.drop_table("customer_sessions")

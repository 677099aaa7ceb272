"""Create agents and their sessions.

Locks: none, the tables are new.
Downgrade: loses every row of agents, agent_sessions.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", postgresql.DOMAIN("bcrypt_hash", sa.Text(), create_type=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default="agent", nullable=False),
        sa.Column("status", sa.Text(), server_default="offline", nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), server_default="{ko}", nullable=False),
        sa.Column("max_rooms", sa.SmallInteger(), server_default="5", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("last_login", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("email = lower(email) AND position('@' in email) > 1", name=op.f("ck_agents_email_lower_case")),
        sa.CheckConstraint("role IN ('agent', 'supervisor', 'admin')", name=op.f("ck_agents_role_known")),
        sa.CheckConstraint("status IN ('online', 'busy', 'away', 'offline')", name=op.f("ck_agents_status_known")),
        sa.CheckConstraint("cardinality(languages) > 0", name=op.f("ck_agents_languages_not_empty")),
        sa.CheckConstraint("max_rooms BETWEEN 0 AND 100", name=op.f("ck_agents_max_rooms_in_range")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_agents_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="idx_agents_pk"),
        sa.UniqueConstraint("user_id", name="uq_agents_user_id"),
    )
    op.create_index("idx_agents_email", "agents", ["email"], unique=True)
    op.create_index("idx_agents_languages", "agents", ["languages"], unique=False, postgresql_using="gin")
    op.create_index("idx_agents_last_login", "agents", [sa.literal_column("last_login DESC")], unique=False)
    op.create_index("idx_agents_status", "agents", ["status"], unique=False)
    op.create_table(
        "agent_sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("token", postgresql.DOMAIN("sha256_hex", sa.Text(), create_type=False), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_active", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_agent_sessions_expires_after_creation")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_agent_sessions_agent_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="idx_agent_sessions_pk"),
    )
    op.create_index("idx_agent_sessions_agent_id", "agent_sessions", ["agent_id"], unique=False)
    op.create_index("idx_agent_sessions_expires_at", "agent_sessions", ["expires_at"], unique=False)
    op.create_index(
        "idx_agent_sessions_revoked_at", "agent_sessions", ["revoked_at"], unique=False, postgresql_where=sa.text("revoked_at IS NOT NULL")
    )
    op.create_index("idx_agent_sessions_token", "agent_sessions", ["token"], unique=True)


def downgrade() -> None:
    op.drop_table("agent_sessions")
    op.drop_table("agents")

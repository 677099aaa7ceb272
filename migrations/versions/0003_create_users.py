"""Create users and their sessions.

Locks: none, the tables are new.
Downgrade: loses every row of users, sessions.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", postgresql.DOMAIN("bcrypt_hash", sa.Text(), create_type=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), server_default="user", nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("locale", sa.Text(), server_default="ko-KR", nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="Asia/Seoul", nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("failed_login_count", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_login", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'deleted') = (deleted_at IS NOT NULL)", name=op.f("ck_users_deleted_has_time")),
        sa.CheckConstraint("email = lower(email) AND position('@' in email) > 1", name=op.f("ck_users_email_lower_case")),
        sa.CheckConstraint("jsonb_typeof(settings) = 'object'", name=op.f("ck_users_settings_is_object")),
        sa.CheckConstraint("role IN ('user', 'staff', 'admin', 'service')", name=op.f("ck_users_role_known")),
        sa.CheckConstraint("status IN ('pending', 'active', 'suspended', 'deleted')", name=op.f("ck_users_status_known")),
        sa.CheckConstraint("failed_login_count >= 0", name=op.f("ck_users_failed_login_count_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    op.create_index("idx_users_status", "users", ["status"], unique=False, postgresql_where=sa.text("status <> 'active'"))
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token", postgresql.DOMAIN("sha256_hex", sa.Text(), create_type=False), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_active", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_sessions_expires_after_creation")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("idx_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    op.create_index("idx_sessions_revoked_at", "sessions", ["revoked_at"], unique=False, postgresql_where=sa.text("revoked_at IS NOT NULL"))
    op.create_index("idx_sessions_token", "sessions", ["token"], unique=True)
    op.create_index("idx_sessions_user_id", "sessions", ["user_id", sa.literal_column("expires_at DESC")], unique=False)


def downgrade() -> None:
    op.drop_table("sessions")
    op.drop_table("users")

"""Create MCP connections.

Locks: none, the tables are new.
Downgrade: loses every row of mcp_connections.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mcp_connections",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("transport", sa.Text(), server_default="streamable_http", nullable=False),
        sa.Column("server_url", postgresql.DOMAIN("public_url", sa.Text(), create_type=False), nullable=True),
        sa.Column("command", sa.Text(), nullable=True),
        sa.Column("args", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("auth_type", sa.Text(), server_default="none", nullable=False),
        sa.Column("secrets_ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("secrets_nonce", sa.LargeBinary(), nullable=True),
        sa.Column("kek_id", sa.Text(), nullable=True),
        sa.Column("allowed_tools", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("tools_cache", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("status", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("last_health_check", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(transport = 'stdio') = (command IS NOT NULL) AND (transport = 'stdio') = (server_url IS NULL)",
            name=op.f("ck_mcp_connections_stdio_has_command"),
        ),
        sa.CheckConstraint("auth_type IN ('none', 'bearer', 'api_key', 'oauth2')", name=op.f("ck_mcp_connections_auth_type_known")),
        sa.CheckConstraint("jsonb_typeof(tools_cache) IN ('array', 'object')", name=op.f("ck_mcp_connections_tools_cache_is_list")),
        sa.CheckConstraint("status <> 'error' OR last_error IS NOT NULL", name=op.f("ck_mcp_connections_error_has_message")),
        sa.CheckConstraint("status IN ('unknown', 'connected', 'disconnected', 'error')", name=op.f("ck_mcp_connections_status_known")),
        sa.CheckConstraint(
            "transport IN ('stdio', 'sse', 'streamable_http', 'websocket')", name=op.f("ck_mcp_connections_transport_known")
        ),
        sa.CheckConstraint(
            "num_nonnulls(secrets_ciphertext, secrets_nonce, kek_id) IN (0, 3)", name=op.f("ck_mcp_connections_secrets_whole")
        ),
        sa.CheckConstraint("octet_length(secrets_nonce) = 12", name=op.f("ck_mcp_connections_secrets_nonce_is_12_bytes")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mcp_connections_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mcp_connections")),
        sa.UniqueConstraint("user_id", "name", name="uq_mcp_connections_user_id_name", postgresql_nulls_not_distinct=True),
    )
    op.create_index(
        "idx_mcp_connections_health",
        "mcp_connections",
        [sa.literal_column("last_health_check NULLS FIRST")],
        unique=False,
        postgresql_where=sa.text("enabled"),
    )


def downgrade() -> None:
    op.drop_table("mcp_connections")

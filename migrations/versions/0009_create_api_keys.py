"""Create API keys.

Locks: none, the tables are new.
Downgrade: loses every row of api_keys.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="issued", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("key_prefix", sa.Text(), nullable=False),
        sa.Column("key_last4", sa.Text(), nullable=False),
        sa.Column("key_hash", postgresql.DOMAIN("sha256_hex", sa.Text(), create_type=False), nullable=False),
        sa.Column("key_ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("key_nonce", sa.LargeBinary(), nullable=True),
        sa.Column("kek_id", sa.Text(), nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rotated_from", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'issued' AND num_nonnulls(key_ciphertext, key_nonce, kek_id) = 0)"
            " OR (kind = 'provider' AND provider IS NOT NULL AND num_nonnulls(key_ciphertext, key_nonce, kek_id) = 3"
            " AND octet_length(key_ciphertext) > 16 AND octet_length(key_nonce) = 12)",
            name=op.f("ck_api_keys_material_fits_kind"),
        ),
        sa.CheckConstraint("kind IN ('issued', 'provider')", name=op.f("ck_api_keys_kind_known")),
        sa.CheckConstraint("length(key_last4) = 4", name=op.f("ck_api_keys_key_last4_is_four")),
        sa.CheckConstraint("length(key_prefix) BETWEEN 4 AND 12", name=op.f("ck_api_keys_key_prefix_short")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_api_keys_created_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["rotated_from"], ["api_keys.id"], name=op.f("fk_api_keys_rotated_from"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index("idx_api_keys_created_by", "api_keys", ["created_by"], unique=False, postgresql_where=sa.text("created_by IS NOT NULL"))
    op.create_index(
        "idx_api_keys_expires",
        "api_keys",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("revoked_at IS NULL AND expires_at IS NOT NULL"),
    )
    op.create_index("idx_api_keys_kek", "api_keys", ["kek_id"], unique=False, postgresql_where=sa.text("kek_id IS NOT NULL"))
    op.create_index(
        "idx_api_keys_rotated_from", "api_keys", ["rotated_from"], unique=False, postgresql_where=sa.text("rotated_from IS NOT NULL")
    )
    op.create_index("idx_api_keys_user_id", "api_keys", ["user_id"], unique=False)
    op.create_index("uq_api_keys_hash", "api_keys", ["key_hash"], unique=True, postgresql_where=sa.text("kind = 'issued'"))
    op.create_index("uq_api_keys_user_name", "api_keys", ["user_id", "name"], unique=True, postgresql_where=sa.text("revoked_at IS NULL"))


def downgrade() -> None:
    op.drop_table("api_keys")

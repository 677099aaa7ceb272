"""Create cache statistics.

Locks: none, the tables are new.
Downgrade: loses every row of cache_metadata.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cache_metadata",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("cache_key", postgresql.DOMAIN("sha256_hex", sa.Text(), create_type=False), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hit_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("miss_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tokens_saved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_hit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_cache_metadata_expires_after_creation")),
        sa.CheckConstraint("hit_count >= 0", name=op.f("ck_cache_metadata_hit_count_not_negative")),
        sa.CheckConstraint("miss_count >= 0", name=op.f("ck_cache_metadata_miss_count_not_negative")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_cache_metadata_size_bytes_not_negative")),
        sa.CheckConstraint("tokens_saved >= 0", name=op.f("ck_cache_metadata_tokens_saved_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cache_metadata")),
        sa.UniqueConstraint("cache_key", name="uq_cache_metadata_cache_key"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "idx_cache_metadata_expires", "cache_metadata", ["expires_at"], unique=False, postgresql_where=sa.text("expires_at IS NOT NULL")
    )
    op.create_index("idx_cache_metadata_namespace", "cache_metadata", ["namespace"], unique=False)


def downgrade() -> None:
    op.drop_table("cache_metadata")

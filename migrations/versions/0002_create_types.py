"""Create uuidv7() where PostgreSQL lacks it, and the domains that keep secrets out of error messages.

Locks: none.
Downgrade: loses nothing.
"""

from alembic import op

from app_schema import objects

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("functions/uuidv7", 1)
    objects.run("domains/bcrypt_hash", 1)
    objects.run("domains/sha256_hex", 1)
    objects.run("domains/public_url", 1)


def downgrade() -> None:
    objects.drop("domains/public_url")
    objects.drop("domains/sha256_hex")
    objects.drop("domains/bcrypt_hash")
    # not plainly: on PostgreSQL 18 the name means the built-in one
    op.execute("""
        DO $do$
        BEGIN
            IF to_regprocedure(format('%I.uuidv7()', current_schema())) IS NOT NULL THEN
                EXECUTE format('DROP FUNCTION %I.uuidv7()', current_schema());
            END IF;
        END
        $do$
    """)

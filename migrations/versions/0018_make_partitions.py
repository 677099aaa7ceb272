"""Make months of logs and AI request statistics ahead, and retire old ones.

Locks: ACCESS EXCLUSIVE on the default partitions, milliseconds while they are empty.
Downgrade: loses nothing; the months stay.
"""

from alembic import op

from app_schema import objects

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("functions/ensure_partitions", 1)
    objects.run("functions/retire_partitions", 1)
    op.execute("SELECT ensure_partitions(3)")


def downgrade() -> None:
    objects.drop("functions/retire_partitions")
    objects.drop("functions/ensure_partitions")

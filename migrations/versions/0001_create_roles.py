"""Create the group roles app_readwrite and app_readonly.

Locks: none.
Downgrade: loses nothing; the roles stay, since other databases of the cluster may use them.
"""

from app_schema import objects

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("roles/app_readwrite", 1)
    objects.run("roles/app_readonly", 1)


def downgrade() -> None:
    """Leave the roles: another database of the cluster may use them."""

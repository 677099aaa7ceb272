"""Let the application's roles read which revision the schema is at: the monitor, the seeds and `app-schema db check` ask it.

Locks: nobody waits.
Downgrade: loses nothing; the roles lose the grant.
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # here and not in sql/grants, whose files also make the schema that drift is compared with, which has no such table
    op.execute("REVOKE ALL ON alembic_version FROM app_readwrite, app_readonly")  # what a default privilege may have given
    op.execute("GRANT SELECT ON alembic_version TO app_readwrite, app_readonly")


def downgrade() -> None:
    op.execute("REVOKE ALL ON alembic_version FROM app_readwrite, app_readonly")

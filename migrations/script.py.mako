"""${message}.

Locks: which, on which table, for how long (ACCESS EXCLUSIVE stops readers: keep it to milliseconds).
Downgrade: loses nothing | loses the values of …
Old code: does what already runs still work after this? Expand first, contract in a later release.

On a table that may hold rows:
* index: objects.concurrently("DROP INDEX CONCURRENTLY IF EXISTS idx_…", "CREATE INDEX CONCURRENTLY idx_… ON …") in a
  revision of its own (a failed build leaves an invalid index, which would block the retry);
* constraint: add it NOT VALID, VALIDATE it in the next revision;
* NOT NULL: a validated CHECK (column IS NOT NULL) first, then SET NOT NULL, then drop the CHECK;
* backfill: batches in a command of their own, never here;
* function, view, trigger: a new file sql/<kind>/<name>.vN.sql and objects.run; a function under an index gets a new name;
* column: grant it in a new version of sql/grants/ (a new column is hidden from app_readonly until then).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app_schema import objects
${imports if imports else ""}
revision = "${up_revision}"
down_revision = ${'None' if down_revision is None else f'"{down_revision}"'}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}

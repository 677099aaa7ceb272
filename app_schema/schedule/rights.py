"""The rights that the role of DATABASE_URL needs for each job; none of them needs a superuser."""

from __future__ import annotations

from typing import NamedTuple


class Right(NamedTuple):
    """A right of a role.

    Attributes:
        says: for people.
        grant: the statement that gives it, or what to do; ``{role}`` and ``{owner}`` are names.
        held: SQL that is true for a role that has it; ``%(schema)s`` is the schema, ``{ours}`` picks our tables.
    """

    says: str
    grant: str
    held: str


MINE = "SELECT {column} FROM pg_roles WHERE rolname = current_user"
READ = Right(
    "pg_read_all_data, or the owner of everything",
    "GRANT pg_read_all_data TO {role}",
    """NOT EXISTS (
        SELECT FROM pg_class c WHERE c.relkind IN ('r', 'p', 'S') AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
            AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(c.relnamespace, 'USAGE'))
    )""",
)
REPLICATION = Right(
    "REPLICATION, and a line for replication in pg_hba.conf",
    "ALTER ROLE {role} REPLICATION",
    f"({MINE.format(column='rolsuper OR rolreplication')})",
)
OWNER = Right(
    "the owner of the tables",  # to whom the partitions belong that it makes
    "put {owner} into its DATABASE_URL",
    """NOT EXISTS (
        SELECT FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = to_regnamespace(%(schema)s) AND {ours}
            AND NOT pg_has_role(c.relowner, 'USAGE')
    )""",
)
CREATEDB = Right("CREATEDB", "ALTER ROLE {role} CREATEDB", f"({MINE.format(column='rolsuper OR rolcreatedb')})")
MONITOR = Right("pg_monitor", "GRANT pg_monitor TO {role}", "pg_has_role('pg_monitor', 'USAGE')")
READ_OURS = Right(
    "SELECT on the schema's tables",
    "GRANT pg_read_all_data TO {role}",
    """coalesce((
        SELECT bool_and(has_table_privilege(c.oid, 'SELECT')) FROM pg_class c
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = to_regnamespace(%(schema)s) AND {ours}
    ) AND has_schema_privilege(to_regnamespace(%(schema)s)::oid, 'USAGE'), true)""",
)


def needed(rights: tuple[Right, ...]) -> str:
    """Say in words what a job needs."""
    return f"role: {'; '.join(right.says for right in rights)}" if rights else "no database"

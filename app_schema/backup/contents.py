"""What is in a database, and what of it this user cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from app_schema.backup.holding import Database
from app_schema.engine import quoted

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Not of the system, of an extension (its own script makes it) or of another session.
RELATIONS = text("""
    SELECT n.nspname AS schema, c.relname AS name, c.oid, c.relkind::text AS kind, c.relispartition AS partition,
        has_schema_privilege(n.oid, 'USAGE') AND CASE c.relkind
            WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END AS readable,
        c.relrowsecurity AND row_security_active(c.oid) AS filtered,
        CASE WHEN c.relispartition THEN pg_partition_root(c.oid) ELSE c.oid END AS root,
        ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND NOT c.relispartition
            AND EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid) ORDER BY attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
        AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname
""")
DEPENDENTS = text("""
    SELECT i.indrelid AS table_oid, c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    UNION ALL SELECT stxrelid, stxname FROM pg_statistic_ext
    UNION ALL SELECT d.refobjid, c.relname FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    ORDER BY 2
""")
ROLES = text("""
    SELECT DISTINCT r.rolname FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
    WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype IN ('o', 'a', 'r')
        AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND r.rolname !~ '^pg_'
    UNION SELECT rolname FROM pg_roles JOIN pg_database ON datdba = pg_roles.oid
    WHERE datname = current_database() AND rolname !~ '^pg_' ORDER BY 1
""")
LOCALE = text("SELECT to_jsonb(d) FROM pg_database d WHERE datname = current_database()")
# of new sessions here, as the server, this database and this user's role set it
SEARCH_PATH = text("SELECT reset_val FROM pg_settings WHERE name = 'search_path'")
DEFAULT_SEARCH_PATH = '"$user", public'
PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}  # see names.PROVIDERS


class Table(NamedTuple):
    """A table of its own, not a partition.

    Attributes:
        name: ``schema.table``, as people write it.
        relation: the same for SQL.
        partitions: their names.
        dependents: the names of indexes, extended statistics and sequences that belong to it or to its partitions.
        columns: in their order, of a table that inherits: pg_dump puts those that it inherits first.
    """

    name: str
    relation: str
    partitions: tuple[str, ...]
    dependents: tuple[str, ...]
    columns: tuple[str, ...] = ()


class Contents(NamedTuple):
    """What there is to back up, and what is out of reach.

    Attributes:
        tables: those whose rows this user reads, all of them.
        closed: qualified names to leave out of the dump altogether.
        hidden: qualified names whose rows a row security policy hides, to be dumped without rows.
        missing: the same for people, a line each.
    """

    tables: tuple[Table, ...]
    closed: tuple[str, ...]
    hidden: tuple[str, ...]
    missing: tuple[str, ...]


def look(connection: Connection) -> Contents:
    """Read what is in the connection's database, as the user of the connection may see it."""
    rows = connection.execute(RELATIONS).all()
    closed_roots = {row.root for row in rows if not row.readable}
    hidden_roots = {row.root for row in rows if row.filtered} - closed_roots
    names = {row.oid: f"{quoted(row.schema)}.{quoted(row.name)}" for row in rows}
    plain = {row.oid: f"{row.schema}.{row.name}" for row in rows}
    partitions: dict[int, list[str]] = {}
    for row in rows:
        if row.partition:
            partitions.setdefault(row.root, []).append(plain[row.oid])
    dependents: dict[int, list[str]] = {}
    roots = {row.oid: row.root for row in rows}
    for owned in connection.execute(DEPENDENTS):
        if owned.table_oid in roots:
            dependents.setdefault(roots[owned.table_oid], []).append(owned.name)
    tables = [
        # the children of a table that others merely inherit from are tables of their own
        Table(
            plain[row.oid],
            names[row.oid] if row.kind == "p" else f"ONLY {names[row.oid]}",
            tuple(partitions.get(row.oid, ())),
            tuple(dependents.get(row.oid, ())),
            tuple(row.columns),
        )
        for row in rows
        if row.kind in "rp" and not row.partition and row.oid not in closed_roots | hidden_roots
    ]
    closed = [row for row in rows if row.root in closed_roots]
    hidden = [row for row in rows if row.root in hidden_roots]
    missing = [f"{'sequence' if row.kind == 'S' else 'table'} {plain[row.oid]}: no SELECT" for row in closed if not row.partition]
    missing += [f"rows of table {plain[row.oid]}: row security hides some" for row in hidden if not row.partition]
    return Contents(tuple(tables), tuple(names[row.oid] for row in closed), tuple(names[row.oid] for row in hidden), tuple(missing))


def search_paths(database: Database | None, schema: str) -> tuple[str, ...]:
    """Return the values of ``search_path`` with which the application's functions may find names: the database's own, our engines'."""
    own = (database.search_path if database else None) or DEFAULT_SEARCH_PATH
    ours = quoted(schema)
    return (own,) if ours in own or schema == "public" else (own, ours)


def describe(connection: Connection, name: str, *, revision: str | None, missing: tuple[str, ...]) -> Database:
    """Return what a restore must know of the database; its proof is added later."""
    facts = connection.execute(LOCALE).scalar_one()
    provider = PROVIDERS.get(facts["datlocprovider"], "libc")
    locale = {"ENCODING": "UTF8", "LC_COLLATE": facts["datcollate"], "LC_CTYPE": facts["datctype"], "LOCALE_PROVIDER": provider}
    locale["ENCODING"] = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if provider != "libc":
        special = facts.get("datlocale") or facts.get("daticulocale")  # renamed in PostgreSQL 17
        locale["ICU_LOCALE" if provider == "icu" else "BUILTIN_LOCALE"] = special
    roles = tuple(connection.scalars(ROLES))
    path = str(connection.execute(SEARCH_PATH).scalar_one())
    search_path = None if path == DEFAULT_SEARCH_PATH else path
    return Database(name=name, locale=locale, revision=revision, roles=roles, missing=missing, search_path=search_path)

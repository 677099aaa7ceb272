"""What stands in a database now under the names of a backup, and whether it points at a table that stood there before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Row

# Tables where this one may stand now: of its name in another schema, or of a name that the backup does not know.
FORMER = text("""
    SELECT n.nspname || '.' || c.relname AS name, c.oid, c.reltype AS type, coalesce(t.typarray, 0) AS array
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_type t ON t.oid = c.reltype
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND n.nspname || '.' || c.relname <> ALL (:own)
        AND (c.relname = ANY (:plain) OR n.nspname || '.' || c.relname <> ALL (:known))
""")
POINTS_AT = """EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{}'::regclass AND d.objid = o.oid AND (
    d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (CAST(:tables AS oid[]))
    OR d.refclassid = 'pg_type'::regclass AND d.refobjid = ANY (CAST(:types AS oid[]))))"""
STANDING = {
    # kind: the objects of that name, as SQL names them, and whether they point at a former table
    "VIEW": "SELECT CAST(to_regclass(:name) AS text) AS name, {} AS former FROM pg_rewrite o WHERE ev_class = to_regclass(:name)"
    " AND rulename = '_RETURN'",
    "FK CONSTRAINT": "SELECT quote_ident(conname) AS name, {} AS former FROM pg_constraint o"
    " WHERE conrelid = to_regclass(:name) AND quote_ident(conname) = :part",
    "POLICY": "SELECT quote_ident(polname) AS name, {} AS former FROM pg_policy o"
    " WHERE polrelid = to_regclass(:name) AND quote_ident(polname) = :part",
    "RULE": "SELECT quote_ident(rulename) AS name, {} AS former FROM pg_rewrite o"
    " WHERE ev_class = to_regclass(:name) AND quote_ident(rulename) = :part",
    "STATISTICS": "SELECT quote_ident(stxname) AS name, {} AS former FROM pg_statistic_ext o JOIN pg_namespace n ON n.oid = stxnamespace"
    " WHERE quote_ident(nspname) || '.' || quote_ident(stxname) = :name",
    "FUNCTION": "SELECT CAST(o.oid::regprocedure AS text) AS name, {} AS former FROM pg_proc o JOIN pg_namespace n ON n.oid = pronamespace"
    " WHERE quote_ident(nspname) || '.' || quote_ident(proname) = :name",
}
CATALOGS = {
    "VIEW": "pg_rewrite",
    "FK CONSTRAINT": "pg_constraint",
    "POLICY": "pg_policy",
    "RULE": "pg_rewrite",
    "STATISTICS": "pg_statistic_ext",
    "FUNCTION": "pg_proc",
}
RELATION_THERE = text("SELECT to_regclass(:name) IS NOT NULL")


def former(connection: Connection, own: Sequence[str], known: Collection[str]) -> Sequence[Row[Any]]:
    """Return the tables where one that came back may stand now; ``own`` are its names, ``known`` those of all tables of the backup."""
    plain = [name.partition(".")[2] for name in own]
    return connection.execute(FORMER, {"own": list(own), "plain": plain, "known": list(known)}).all()


def standing(connection: Connection, kind: str, name: str, part: str, tables: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Return the objects of a kind and name, as SQL names them, and whether they point at one of ``tables``, which are of :func:`former`.

    Args:
        connection: to the database.
        kind: a key of :data:`STANDING`.
        name: of the object, or of the table that it belongs to, as SQL names it.
        part: its own name, if it belongs to a table.
        tables: former ones.
    """
    sql = text(STANDING[kind].format(POINTS_AT.format(CATALOGS[kind])))
    oids = [table.oid for table in tables]
    types = [type_ for table in tables for type_ in (table.type, table.array)]
    return connection.execute(sql, {"name": name, "part": part, "tables": oids, "types": types}).all()


def is_there(connection: Connection, name: str) -> bool:
    """Whether there is a relation of that name."""
    return bool(connection.scalar(RELATION_THERE, {"name": name}))

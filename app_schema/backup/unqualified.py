"""Functions that read names without their schema, in objects that a restore computes anew.

A restore runs with an empty ``search_path``, and PostgreSQL 17 refreshes materialized views and builds indexes with one
that has only ``pg_catalog``. A function that such an object calls then does not find the names that it does not qualify.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_schema.backup.proof import UNDEFINED

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Not those of an extension, and not those that set their search_path or were parsed when they were made.
FUNCTIONS = text("""
    SELECT p.oid, CAST(p.oid::regprocedure AS text) AS name, l.lanname AS language, p.prosrc AS body,
        CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS kind,
        string_agg(DISTINCT pg_describe_object(o.classid, o.objid, 0), ', ') AS users
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
    CROSS JOIN LATERAL (
        SELECT 'pg_class'::regclass AS classid, ev_class AS objid FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
            WHERE d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND c.relkind = 'm'
        UNION ALL SELECT d.classid, d.objid FROM pg_constraint
            WHERE d.classid = 'pg_constraint'::regclass AND oid = d.objid AND contype = 'c'
        UNION ALL SELECT d.classid, d.objid FROM pg_class
            WHERE d.classid = 'pg_class'::regclass AND oid = d.objid AND relkind IN ('i', 'I')
        UNION ALL SELECT 'pg_class'::regclass, adrelid FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = adrelid AND a.attnum = adnum
            WHERE d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid AND a.attgenerated <> ''
    ) o
    WHERE l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%')
        AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
    GROUP BY p.oid, l.lanname ORDER BY 2
""")
NAMES = text("""
    SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    UNION ALL SELECT proname || '(' FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
        AND proname NOT IN (SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace)
""")
VALIDATE = text("SELECT pg_catalog.fmgr_sql_validator(:oid)")
NOT_CODE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
TABLE = re.compile(r"\b(?:from|join|update)\s+(?:only\s+)?([a-z_][\w$]*)(?![\w$]|\s*[.(])", re.IGNORECASE)
CALL = re.compile(r'(?<![\w$."])([a-z_][\w$]*)\s*(\()', re.IGNORECASE)


def look(connection: Connection) -> tuple[str, ...]:
    """Return what will not be found in a restore, a line a function; the connection's ``search_path`` is ``pg_catalog``.

    SQL functions are parsed by the server; of PL/pgSQL, tables after FROM and calls are compared with what there is. Nothing is run.
    """
    names: set[str] | None = None
    lines = []
    for function in connection.execute(FUNCTIONS).all():
        if function.language == "sql":
            missing = _parse(connection, function.oid)
        else:
            if names is None:
                names = set(connection.scalars(NAMES))
            code = NOT_CODE.sub("''", function.body)
            used = [match[1].lower() for match in TABLE.finditer(code)] + [f"{match[1].lower()}(" for match in CALL.finditer(code)]
            missing = next((f"it uses {name.rstrip('(')} without a schema" for name in used if name in names), None)
        if missing:
            lines.append(
                f"{function.kind.lower()} {function.name}, which {function.users} calls, does not work in a restore: {missing};"
                f" run: ALTER {function.kind} {function.name} SET search_path = SCHEMA, pg_temp (with the schemas that it uses)"
            )
    return tuple(lines)


def _parse(connection: Connection, oid: int) -> str | None:
    savepoint = connection.begin_nested()
    try:
        connection.execute(VALIDATE, {"oid": oid})
    except DBAPIError as error:
        savepoint.rollback()
        return str(error.orig).splitlines()[0] if isinstance(error.orig, UNDEFINED) else None
    savepoint.rollback()
    return None

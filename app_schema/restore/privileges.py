"""Privileges that ALTER DEFAULT PRIVILEGES gave to a table, a view or a sequence that was made again, and that it did not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.engine import verbatim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from app_schema.restore.replay import Replay
    from app_schema.restore.toc import Entry

DEFAULTS = text("SELECT EXISTS (SELECT FROM pg_default_acl WHERE pg_has_role(defaclrole, 'USAGE') AND defaclobjtype IN ('r', 'S'))")
GIVEN = text("""
    SELECT format('REVOKE ALL ON %s %s FROM %s CASCADE', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass,
        string_agg(DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END, ', '))
    FROM pg_class c CROSS JOIN aclexplode(c.relacl) x
    WHERE x.grantee <> c.relowner AND (
        c.oid IN (SELECT to_regclass(name) FROM unnest(CAST(:names AS text[])) name)
        OR c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
                AND d.refobjid IN (SELECT to_regclass(name) FROM unnest(CAST(:names AS text[])) name)))
    GROUP BY c.oid, c.relkind
""")


def settle(replay: Replay, connection: Connection, names: Sequence[str], grants: Sequence[Entry]) -> None:
    """Take back what default privileges gave, and grant what the backup says.

    pg_dump writes grants as differences from PostgreSQL's own defaults, so that restoring them takes nothing back.

    Args:
        replay: of the archive.
        connection: to the same database, in autocommit.
        names: of the relations that were made, for SQL; their own sequences are added.
        grants: the entries of the archive that grant on them.

    Raises:
        RestoreError: the server is in trouble.
    """
    if not connection.scalar(DEFAULTS):
        return
    for statement in connection.scalars(GIVEN, {"names": list(names)}).all():
        connection.execute(verbatim(statement))
    for entry in grants:
        replay.run(entry)

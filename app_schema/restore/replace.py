"""``--replace``: the restored database takes the other's name, grants and settings, at once; the other keeps a dated name."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from psycopg.errors import InsufficientPrivilege, ObjectInUse
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_schema.engine import literal, quoted, verbatim
from app_schema.errors import RestoreError
from app_schema.restore.place import Place, exists, together
from app_schema.settings import IDENTIFIER_BYTES

if TYPE_CHECKING:
    from sqlalchemy import Connection

ATTEMPTS = 30  # a pool connects again as fast as it is cut off; between two of its connections there is room enough
# not autovacuum's workers, which have no user: only a superuser may end them, and ALTER DATABASE … RENAME does it itself
DISCONNECT = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = :name AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
""")
FACTS = text("""
    SELECT pg_get_userbyid(datdba) AS owner, datconnlimit AS connections, shobj_description(oid, 'pg_database') AS comment
    FROM pg_database WHERE datname = :name
""")
# the defaults count as grants, so that one that was revoked is missing here
GRANTS = text("""
    SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END AS grantee,
        string_agg(x.privilege_type, ', ') AS privileges, x.is_grantable
    FROM pg_database d CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
    WHERE d.datname = :name GROUP BY x.grantee, x.is_grantable
""")
SETTINGS = text("""
    SELECT CASE s.setrole WHEN 0 THEN NULL ELSE quote_ident(pg_get_userbyid(s.setrole)) END AS role, c AS setting
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase CROSS JOIN unnest(s.setconfig) c
    WHERE d.datname = :name
""")
# kept as a list that is quoted already
LISTS = {"local_preload_libraries", "search_path", "session_preload_libraries", "temp_tablespaces", "unix_socket_directories"}


def swap(there: Place, name: str) -> str:
    """Put the new database in the place of ``name``, and return the name that the old one has now.

    Connections to the old one are cut off. It happens in one transaction, or not at all.

    Raises:
        RestoreError: this user may not, or somebody will not let go of the old one; it is as it was.
    """
    old_name = dated(there.administrator, name, "before")
    for attempt in range(ATTEMPTS):
        try:
            there.administrator.execute(DISCONNECT, {"name": name})
            with together(there.administrator):
                # first, for it keeps everybody out until the end of the transaction
                there.administrator.execute(verbatim(f"ALTER DATABASE {quoted(name)} RENAME TO {quoted(old_name)}"))
                _make_alike(there.administrator, old_name, there.name)
                there.administrator.execute(verbatim(f"ALTER DATABASE {quoted(there.name)} RENAME TO {quoted(name)}"))
        except DBAPIError as error:
            if isinstance(error.orig, InsufficientPrivilege):
                raise RestoreError(f"this user may not replace database {name}: {error.orig}; it is as it was") from None
            if not isinstance(error.orig, ObjectInUse) or attempt == ATTEMPTS - 1:
                raise RestoreError(f"database {name} could not be replaced and is as it was: {error.orig}") from None
            time.sleep(0.1)
        else:
            return old_name
    raise AssertionError  # the last attempt returns or raises


def dated(administrator: Connection, name: str, word: str) -> str:
    """Return a name for another database that is kept beside ``name``, with ``word`` and the time.

    Raises:
        RestoreError: a database has it.
    """
    dated = f"_{word}_{datetime.now(UTC):%Y%m%dT%H%M%S%f}"[:-3] + "Z"
    short = name.encode()[: IDENTIFIER_BYTES - len(dated)].decode(errors="ignore") + dated
    if exists(administrator, short):
        raise RestoreError(f"database {short} exists already; try again in a second")
    return short


def _make_alike(administrator: Connection, old: str, new: str) -> None:
    def run(sql: str) -> None:
        administrator.execute(verbatim(sql))

    facts = administrator.execute(FACTS, {"name": old}).one()
    database = f"DATABASE {quoted(new)}"
    run(f"ALTER {database} OWNER TO {quoted(facts.owner)}")
    run(f"ALTER {database} CONNECTION LIMIT {facts.connections}")
    run(f"COMMENT ON {database} IS {'NULL' if facts.comment is None else literal(facts.comment)}")
    run(f"REVOKE ALL ON {database} FROM PUBLIC, {quoted(facts.owner)}")
    for grant in administrator.execute(GRANTS, {"name": old}).all():
        run(f"GRANT {grant.privileges} ON {database} TO {grant.grantee}{' WITH GRANT OPTION' if grant.is_grantable else ''}")
    for role, setting in administrator.execute(SETTINGS, {"name": old}).all():
        variable, _, value = setting.partition("=")
        shown = value if variable in LISTS else literal(value)
        whose = f"ALTER ROLE {role} IN {database}" if role else f"ALTER {database}"
        run(f"{whose} SET {variable} TO {shown}")

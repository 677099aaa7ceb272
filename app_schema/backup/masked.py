"""``backup masked``: a copy for development as one script of SQL, which psql alone restores and which holds nobody's data."""

from __future__ import annotations

import secrets
import zlib
from contextlib import ExitStack, nullcontext
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple, Self

from sqlalchemy import text

from app_schema import migrate, objects
from app_schema.backup import column_options, contents, masks, proof, taking
from app_schema.backup.dump import running
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.holding import Part, Proof, TableProof
from app_schema.backup.stream import BLOCK, Readable, store
from app_schema.engine import literal, quoted, verbatim, with_options
from app_schema.errors import DatabaseNotAtHead
from app_schema.models import metadata
from app_schema.models.password import PasswordHash

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import URL, Connection

    from app_schema.backup.folder import Folder
    from app_schema.backup.taking import Taking
    from app_schema.settings import Settings

COMPRESSION = "gzip:1"
SHA256_BLOCK = 64  # bytes
COLUMNS = text("""
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
""")
# definitions only, for whoever develops: not who may do what where it came from
PLAIN = ("--format=plain", "--no-owner", "--no-acl", "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces")
STATISTICS_SINCE = 18  # they quote values


class Masked(NamedTuple):
    """A masked copy, and the password that every account in it has; it is kept nowhere."""

    entry: Entry
    password: str


def masked(settings: Settings, folder: Folder, *, report: Callable[[int], None] | None = None) -> Masked:
    """Write a masked copy of the settings' schema into ``folder`` and enter it in the catalogue.

    Args:
        settings: which database and schema, and how to encrypt.
        folder: where to.
        report: is told of the bytes as they come, before compression.

    Raises:
        Unclassified: a column, of the models or of the database, declares no mask.
        DatabaseNotAtHead: the schema is not what the models describe.
        BackupError: it failed; the catalogue is as it was.
    """
    password = secrets.token_urlsafe(12)
    with taking.begun(settings, folder, Kind.MASKED, None) as run, run.file(".masked.sql.gz") as draft:
        with proof.standing_still(run.connection) as snapshot:
            column_options.check(run.programs, run.connection, run.url)
            strange = _check(run)
            missing = tuple(f"table {name}: not in the models, so nothing says how to mask it" for name in strange)
            rows = {table.name: _count(run.connection, settings.schema_name, table.name) for table in metadata.sorted_tables}
            with _written(run, snapshot, strange, password) as script:
                stored = store(_Gzipped(script, report), draft.file, run.cipher)
            database = contents.describe(run.connection, str(run.url.database), revision=migrate.head(), missing=())
        counted = {f"{settings.schema_name}.{name}": TableProof(rows=count) for name, count in rows.items()}
        database = database.model_copy(update={"proof": Proof(tables=counted), "roles": (), "missing": missing})
        part = Part(file=draft.name, database=database, **stored._asdict())
        return Masked(run.enter([(part, draft)], compression=COMPRESSION), password)


def _check(run: Taking) -> list[str]:
    """Return the tables that are left out; every column of the others must be known and classified."""
    schema = run.settings.schema_name
    if bare := masks.unclassified():
        raise masks.Unclassified(f"these columns declare no mask: {', '.join(bare)}; add info=… of app_schema.models.mask")
    if migrate.current(run.connection, schema=schema) != migrate.head():
        raise DatabaseNotAtHead(f"schema {schema} is not at revision {migrate.head()}, which the masks are for; run: app-schema db upgrade")
    found = run.connection.execute(COLUMNS, {"schema": schema}).all()
    known = {table.name: set(table.columns.keys()) | {column.name for column in table.columns} for table in metadata.sorted_tables}
    unknown = [f"{row.relname}.{row.attname}" for row in found if row.relname in known and row.attname not in known[row.relname]]
    if unknown:
        raise masks.Unclassified(
            f"these columns are in the database and not in the models, so nothing says how to mask them: {', '.join(unknown)}"
        )
    return sorted({row.relname for row in found} - known.keys() - {"alembic_version"})


def _count(connection: Connection, schema: str, table: str) -> int:
    return int(connection.execute(verbatim(f"SELECT count(*) FROM {quoted(schema)}.{quoted(table)}")).scalar_one())  # noqa: S608 (quoted)


def _written(run: Taking, snapshot: str, strange: list[str], password: str) -> _Chain:
    """Return the script: definitions, masked rows, then indexes and keys, all of one snapshot."""
    schema = quoted(run.settings.schema_name)
    # the others excluded and not this one chosen: pg_dump would then make the schema public, which every database has
    others = [name for name in run.connection.scalars(proof.SCHEMAS) if name != run.settings.schema_name]
    arguments = [
        *(*PLAIN, f"--snapshot={snapshot}"),
        *(f"--exclude-schema={quoted(name)}" for name in others),
        *(f"--exclude-table={schema}.{quoted(name)}" for name in strange),
    ]
    if run.programs.major >= STATISTICS_SINCE:
        arguments.append("--no-statistics")
    pg_dump = partial(run.programs.command, "pg_dump", *arguments)
    psql = run.programs.command("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-")
    rows = _rows(run.settings.schema_name, snapshot)
    return _Chain(
        partial(running, pg_dump("--section=pre-data"), run.url),
        partial(running, psql, with_key(run.url, password), stdin=rows),
        lambda: nullcontext((BytesIO(_grants(run.settings.schema_name).encode()), lambda: None)),
        partial(running, pg_dump("--section=post-data"), run.url),
    )


def with_key(url: URL, password: str) -> URL:
    """Return a URL whose sessions know a new key to mask with, and the hash of ``password``.

    They are options of the session's start. Those are in no statement and are no parameter of one, so neither a log of statements
    nor ``pg_stat_statements`` holds them, and no other session can read them. The key is kept nowhere: once the sessions end
    nobody has it.
    """
    key = secrets.token_bytes(32).ljust(SHA256_BLOCK, b"\0")
    known = {
        "inner": bytes(byte ^ 0x36 for byte in key).hex(),
        "outer": bytes(byte ^ 0x5C for byte in key).hex(),
        "password": PasswordHash.of(password),
    }
    return with_options(url, {f"app_schema.mask_{name}": value for name, value in known.items()})


def _rows(schema: str, snapshot: str) -> str:
    """Return what psql runs: every table as ``COPY … FROM stdin``, masked by the server."""
    lines = [
        "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;",
        f"SET TRANSACTION SNAPSHOT {literal(snapshot)};",
        *(f"SET LOCAL {name} = {literal(value)};" for name, value in proof.PRINTING.items() if name != "transaction_timeout"),
    ]
    for table in metadata.sorted_tables:
        lines += _copy(f"{quoted(schema)}.{quoted(table.name)}", *masks.select(table))
    return "\n".join([*lines, *_copy(f"{quoted(schema)}.alembic_version", "version_num", "version_num"), ""])


def _grants(schema: str) -> str:
    """Return the grants of the groups as they are declared, for a server that has the groups; nobody else's leave with the copy."""
    groups = ", ".join(literal(role.name) for role in objects.newest("roles"))
    statements = [f"{grant.path.read_text(encoding='utf-8').rstrip().removesuffix(';')};" for grant in objects.newest("grants")]
    count = len(list(objects.newest("roles")))
    return "\n".join(
        [
            "DO $groups$",
            "BEGIN",
            f"IF (SELECT count(*) = {count} FROM pg_catalog.pg_roles WHERE rolname IN ({groups})) THEN",  # noqa: S608
            f"PERFORM pg_catalog.set_config('search_path', {literal(quoted(schema))}, true);",
            *statements,
            "END IF;",
            "END",
            "$groups$;",
            "",
        ]
    )


def _copy(relation: str, columns: str, expressions: str) -> list[str]:
    said = f"COPY {relation} ({columns}) FROM stdin;".replace("'", "''")
    copy = f"COPY (SELECT {expressions} FROM {relation}) TO STDOUT;"  # noqa: S608 (quoted)
    return [f"\\echo '{said}'", copy, "\\echo '\\\\.'", "\\echo"]


class _Chain:
    """What several programs print, one after the other; the first that fails raises."""

    def __init__(self, *programs: Callable[[], AbstractContextManager[tuple[Readable, Callable[[], None]]]]) -> None:
        self._stack = ExitStack()
        self._left = list(programs)
        self._output: Readable | None = None
        self._ended: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def read(self, size: int = -1, /) -> bytes:
        while True:
            if self._output is None:
                if not self._left:
                    return b""
                self._output, self._ended = self._stack.enter_context(self._left.pop(0)())
            if block := self._output.read(size):
                return block
            assert self._ended is not None  # noqa: S101 (set with the output)
            self._ended()
            self._output = None


class _Gzipped:
    """Gzips what is read, as quickly as it can: filler compresses well."""

    def __init__(self, source: Readable, report: Callable[[int], None] | None) -> None:
        self._source = source
        self._report = report
        self._packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        self._ended = False
        self._ready = b""

    def read(self, size: int = -1, /) -> bytes:
        while not self._ready and not self._ended:
            block = self._source.read(BLOCK)
            if self._report:
                self._report(len(block))
            self._ended = not block
            self._ready = self._packer.compress(block) if block else self._packer.flush()
        most = len(self._ready) if size < 0 else size  # age takes no more than it asked for
        taken, self._ready = self._ready[:most], self._ready[most:]
        return taken

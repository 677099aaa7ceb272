"""No exception carries the values of a row: not in its text, its chain, its diagnostics or its pickle.

PostgreSQL quotes rows in DETAIL, HINT and CONTEXT, which go, and values in some primary messages,
which are cut. What remains tells them apart: the message, the SQLSTATE and the names.
"""

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psycopg
from psycopg.pq import DiagnosticField as Field
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import SQLAlchemyError, StatementError

from app_schema.errors import AppSchemaError

HIDDEN = "the message is hidden, since it may quote a value; the traceback shows where it was raised"
_NAMES = (
    *(Field.SEVERITY, Field.SEVERITY_NONLOCALIZED, Field.SQLSTATE, Field.STATEMENT_POSITION),
    *(Field.SCHEMA_NAME, Field.TABLE_NAME, Field.COLUMN_NAME, Field.DATATYPE_NAME, Field.CONSTRAINT_NAME),
    *(Field.SOURCE_FILE, Field.SOURCE_LINE, Field.SOURCE_FUNCTION),
)
# 22 data exceptions; 54 and the two of 42: the word of a search that to_tsquery or jsonpath cannot read
_QUOTING = ("22", "54", "42601", "42602")
# greedy, as the value may hold quotes itself; a server speaks its own lc_messages, with its own quotes
_QUOTE = "\"'«»„“”\u2018\u2019「」『』"
_QUOTED = re.compile(f"[{_QUOTE}].*[{_QUOTE}]", re.DOTALL)
_PLAIN = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.ProgrammingError)  # of psycopg itself: no values


def scrub(engine: Engine) -> None:
    """Scrub every exception that this engine raises (of an AsyncEngine, give ``sync_engine``).

    The parameters of a statement are dropped too. What bypasses the engine's error handling,
    like COPY on a raw connection, needs `scrubbed`.
    """
    event.listen(engine, "handle_error", _handle)


@contextmanager
def scrubbed() -> Iterator[None]:
    """Scrub the psycopg errors that leave this block."""
    try:
        yield
    except psycopg.Error as error:
        _scrub_driver(error)
        raise


def _handle(context: ExceptionContext) -> None:
    original, wrapper = context.original_exception, context.sqlalchemy_exception
    for error in _chain(original):
        if isinstance(error, psycopg.Error):
            _scrub_driver(error)
        elif isinstance(error, StatementError):
            error.params = None
        elif isinstance(error, Exception) and not isinstance(error, SQLAlchemyError | AppSchemaError | OSError):
            _hide(error)
    if wrapper is not None:
        wrapper.params = None
        if not isinstance(original, SQLAlchemyError):
            kind = type(original)
            wrapper.args = (f"({kind.__module__}.{kind.__name__}) {original}",)


def _chain(error: BaseException) -> Iterator[BaseException]:
    # An exception that the caller was handling when it ran the statement is its own affair.
    # It was caught by a frame that still runs, unlike those that type code has caught and replaced.
    stack = set(_frames(inspect.currentframe()))
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        link = todo.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        todo.append(link.__cause__)
        trace = link.__context__.__traceback__ if link.__context__ else None
        if trace is None or trace.tb_frame not in stack:
            todo.append(link.__context__)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _scrub_driver(error: psycopg.Error) -> None:
    diag = error.diag
    if diag.sqlstate is None:
        if not isinstance(error, _PLAIN):
            error.args = tuple(_QUOTED.sub("…", str(part)) for part in error.args)
        return
    primary = diag.message_primary or ""
    if diag.sqlstate.startswith(_QUOTING):
        primary = _QUOTED.sub("“…”", primary)
    constraint = diag.constraint_name
    suffix = f" ({constraint})" if constraint and constraint not in primary else ""
    error.args = (f"{primary} [SQLSTATE {diag.sqlstate}]{suffix}",)
    # psycopg keeps the server's whole answer; a dict is what it pickles itself as, and its diag reads one
    fields: dict[int, bytes | None] = {name: _read(error, name) for name in _NAMES}
    error._info = {**fields, Field.MESSAGE_PRIMARY: primary.encode(error._encoding, "replace")}  # noqa: SLF001


def _read(error: psycopg.Error, name: Field) -> bytes | None:
    info = error._info  # noqa: SLF001
    return info.get(name) if isinstance(info, dict) else info.error_field(name) if info else None


def _hide(error: Exception) -> None:
    error.args = (HIDDEN,)
    for name, value in vars(error).items():
        if not isinstance(value, int):
            vars(error)[name] = type(value)() if isinstance(value, str | bytes) else None
    if isinstance(error, UnicodeEncodeError):  # these two keep the whole text, and are rebuilt from five parts
        error.object, error.args = "", (error.encoding, "", 0, 0, HIDDEN)
    elif isinstance(error, UnicodeDecodeError):
        error.object, error.args = b"", (error.encoding, b"", 0, 0, HIDDEN)

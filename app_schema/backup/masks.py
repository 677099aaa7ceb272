"""The SQL of each class of mask: what a column's value becomes on its way out of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, Column, LargeBinary, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from app_schema.engine import literal, quoted
from app_schema.errors import BackupError
from app_schema.models import metadata
from app_schema.models.mask import Mask
from app_schema.models.types import PUBLIC_URL, SHA256_HEX, HashedToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Table

# RFC 2104 with what PostgreSQL has without an extension; a subquery, so that the key is unpacked once and not for each row
INNER, OUTER = (f"(SELECT decode(current_setting('app_schema.mask_{pad}'), 'hex'))" for pad in ("inner", "outer"))
HANGUL, LATIN = "가나다라마바사아자차카타파하 ", "lorem ipsum dolor sit amet consectetur "
WIDE = 1.5  # bytes a character from which a text is taken for Hangul rather than Latin


class Unclassified(BackupError):
    """A column does not say what becomes of it in a masked copy."""


def unclassified(tables: Iterable[Table] = tuple(metadata.sorted_tables)) -> list[str]:
    """Return the columns that declare no class, as ``table.column``."""
    return [str(column) for table in tables for column in table.columns if not isinstance(column.info.get("mask"), Mask)]


def select(table: Table) -> tuple[str, str]:
    """Return the columns of a table that can be written, and the expressions that mask them, both for SQL.

    Raises:
        Unclassified: a column declares no class.
    """
    columns = [column for column in table.columns if column.computed is None]
    return ", ".join(quoted(column.name) for column in columns), ", ".join(expression(column) for column in columns)


def expression(column: Column[object]) -> str:
    """Return the SQL that masks a column; NULL stays NULL.

    Raises:
        Unclassified: it declares no class.
    """
    mask = column.info.get("mask")
    if not isinstance(mask, Mask):
        raise Unclassified(f"column {column} declares no mask: add info=KEEP, HMAC, TEXT … of app_schema.models.mask to its mapped_column")
    name = quoted(column.name)
    if mask is Mask.KEEP:
        return name
    if mask is Mask.NULL:
        return "NULL"
    return f"CASE WHEN {name} IS NOT NULL THEN {_masked(column, mask, name)} END"


def _masked(column: Column[object], mask: Mask, name: str) -> str:
    text = _hmac(f"convert_to({name}, 'UTF8')")
    ways: dict[Mask, Callable[[], str]] = {
        Mask.EMPTY: lambda: "'{}'::jsonb" if isinstance(column.type, JSONB) else _empty_list(column),
        Mask.HMAC: lambda: _keyed(column, name),
        Mask.TEXT: lambda: _filler(name),
        Mask.EMAIL: lambda: f"'user-' || left(encode({text}, 'hex'), 16) || '@example.com'",
        Mask.NAME: lambda: f"'이름 ' || left(encode({text}, 'hex'), 12)",
        Mask.PHONE: lambda: (
            f"'000-' || lpad((get_byte({text}, 0) * 39)::text, 4, '0') || '-' || lpad((get_byte({text}, 1) * 39)::text, 4, '0')"
        ),
        Mask.IP: lambda: f"('192.0.2.' || get_byte({_hmac(f'inet_send({name})')}, 0))::inet",
        Mask.PASSWORD: lambda: "current_setting('app_schema.mask_password')",
    }
    return ways[mask]()


def _keyed(column: Column[object], name: str) -> str:
    if isinstance(column.type, Uuid):
        return f"encode(substr({_hmac(f'uuid_send({name})')}, 1, 16), 'hex')::uuid"
    if isinstance(column.type, LargeBinary):  # of the same length, up to that of the hash
        return f"substr({_hmac(name)}, 1, octet_length({name}))"
    hashed = _hmac(f"convert_to({name}, 'UTF8')")
    text = f"encode({hashed}, 'hex')"
    if column.type is PUBLIC_URL:
        return f"'https://' || left({text}, 16) || '.example.com/'"
    return text if column.type is SHA256_HEX or isinstance(column.type, HashedToken) else f"left({text}, 32)"


def _filler(name: str) -> str:
    def cut(filler: str) -> str:
        return f"left(repeat({literal(filler)}, length({name}) / {len(filler)} + 1), length({name}))"

    return f"CASE WHEN octet_length({name}) > {WIDE} * length({name}) THEN {cut(HANGUL)} ELSE {cut(LATIN)} END"


def _empty_list(column: Column[object]) -> str:
    if not isinstance(column.type, ARRAY):
        raise Unclassified(f"column {column} is neither an object nor a list, so it cannot be emptied: choose another mask")
    return "'{}'"


def _hmac(value: str) -> str:
    return f"sha256({OUTER} || sha256({INNER} || {value}))"

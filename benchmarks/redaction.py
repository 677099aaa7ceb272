"""What masking the logs costs: an ordinary row against the first version, and hostile texts against a quarter of their length."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, text

from app_schema import objects
from app_schema.engine import create_engine
from benchmarks.figure import Figure, medians

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from app_schema.embedded import EmbeddedServer

ROWS = 2_000
LENGTH = 20_000  # characters of the shorter of two hostile texts
FUNCTIONS = Path(__file__).parents[1] / "migrations/sql/functions"
# what is repeated, and what ends the text: near misses of every pattern, and nothing but matches
SHAPES = {
    "letters": ("a", ""),
    "digits": ("1", ""),
    "blanks": (" ", ""),
    "quotes": ('"', ""),
    "Hangul": ("가나다", ""),
    "full width": ("１２３", ""),  # noqa: RUF001
    "phones": ("010-1234-5678 ", ""),
    "almost phones": ("010-", ""),
    "almost cards": ("4111-1111-", ""),
    "cards": ("4111111111111111 ", ""),
    "almost resident numbers": ("9912311234560 ", ""),
    "e-mail": ("kim@example.com ", ""),
    "at signs": ("x@aaaa", ""),
    "addresses": ("1.2.3.", ""),
    "colons": ("a:", ""),
    "passwords": ("password=hunter2 ", ""),
    "keys": ("password=", ""),
    "open quotes": ('password: "a', ""),
    "words": ("secret_secret-", ""),
    "prose": ("비밀번호는 ", ""),
    "cookies": ("cookie: a=b; ", ""),
    "credentials": ("://a:", ""),
    "bearer": ("bearer ", ""),
    "prefixes": ("sk-", ""),
    "web tokens": ("eyJaaaaaaaa.", ""),
    "PEM": ("-----BEGIN PRIVATE KEY-----", ""),
    "webhooks": ("://hooks.a/", "[secret]"),
    "queries": ("?code=", ""),
    "lists": ("password=[", ""),
    "options": ("--a-", ""),
    "commands": ("curl -u ", ""),
    "JSON": ('{"password":', ""),
}


def figures(server: EmbeddedServer) -> Iterator[Figure]:
    """Measure inserts of ordinary rows, and the worst of the shapes."""
    with database(server) as connection:
        first, ours = (schema(connection, name, versions) for name, versions in (("first", {1}), ("ours", None)))
        rows = json.dumps([row(Random(number)) for number in range(ROWS)])
        other, mine = medians(*(lambda name=name: fill(connection, name, rows) for name in (first, ours)))
        yield Figure(f"a log of {ROWS} ordinary rows, masked, s", "the first version", mine, other, 2)

        def redact(repeated: str, end: str, length: int) -> None:
            connection.scalar(
                text("SELECT ours.redact_text(left(repeat(:repeated, :length), :length) || :end)"),
                {"repeated": repeated, "end": end, "length": length},
            )

        worst = None
        for name, shape in SHAPES.items():
            short, long = medians(*(lambda length=length, shape=shape: redact(*shape, length) for length in (LENGTH, 4 * LENGTH)), rounds=3)
            if worst is None or long / short > worst.ours / worst.other:
                worst = Figure(f"redact_text of 80,000 characters ({name}), s", "of 20,000", long, short, 8)
        if worst is not None:
            yield worst


@contextmanager
def database(server: EmbeddedServer) -> Iterator[Connection]:
    """Yield a connection to a database of its own."""
    engine = create_engine(server.url("postgres"), schema="public", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS bench_redaction"))
        connection.execute(text("CREATE DATABASE bench_redaction"))
        try:
            own = create_engine(server.url("bench_redaction"), schema="public", isolation_level="AUTOCOMMIT", poolclass=NullPool)
            with own.connect() as inside:
                yield inside
        finally:
            connection.execute(text("DROP DATABASE bench_redaction WITH (FORCE)"))


def schema(connection: Connection, name: str, versions: set[int] | None) -> str:
    """Make a table with the trigger, from the functions of these versions, or from the newest."""
    found = [each for each in objects.newest("functions") if each.name.startswith(("redact_", "is_card", "is_resident"))]
    if versions is not None:
        names = ("redact_text", "redact_jsonb", "redact_log")
        found = [objects.SqlObject("functions", each, 1, FUNCTIONS / f"{each}.v1.sql") for each in names]
    connection.execute(text(f"CREATE SCHEMA {name}"))
    connection.execute(text(f"SET search_path TO {name}"))
    for each in found:
        connection.execute(each.statement)
    connection.execute(text("CREATE TABLE logs (source text, event text, message text, context jsonb)"))
    connection.execute(text("CREATE TRIGGER logs_redact_log BEFORE INSERT ON logs FOR EACH ROW EXECUTE FUNCTION redact_log()"))
    return name


def fill(connection: Connection, name: str, rows: str) -> None:
    connection.execute(
        text(
            f"INSERT INTO {name}.logs SELECT r ->> 'source', r ->> 'event', r ->> 'message', r -> 'context'"
            " FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS r"
        ),
        {"rows": rows},
    )


def row(dice: Random) -> dict[str, object]:
    """Make up an ordinary row: what a service logs, with nothing to mask."""
    identity = f"{dice.getrandbits(32):08x}-{dice.getrandbits(16):04x}-7{dice.getrandbits(12):03x}-9a1b-{dice.getrandbits(48):012x}"
    message = dice.choice(
        (
            f"GET /v1/rooms/{identity}/messages 200 in {dice.randrange(900)} ms",
            f"상담방 {identity} 배정 완료, 대기 {dice.randrange(90)}초",
            f"model answered in {dice.random() * 9:.3f} s, {dice.randrange(4000)} tokens",
            "작업자가 실행을 마쳤습니다",
            f"2026-11-22T04:19:{dice.randrange(60):02d}.123456+09:00 retry {dice.randrange(5)} of 5",
        )
    )
    context = dice.choice(
        ({}, {"room_id": identity, "ms": dice.randrange(900)}, {"model": "gpt-x", "usage": {"input_tokens": 12, "output_tokens": 90}})
    )
    return {"source": "api", "event": dice.choice(("room.assigned", "http.request", "job.done")), "message": message, "context": context}

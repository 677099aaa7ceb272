"""What masking the logs costs: an ordinary row against the first version, and hostile texts against shorter ones.

``python -m benchmarks.redaction`` prints every hostile shape at four lengths.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import NullPool, text

from app_schema import objects
from app_schema.engine import create_engine
from app_schema.seeding import Order
from app_schema.seeding.modules import seeds
from benchmarks.figure import Figure, medians
from benchmarks.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from app_schema.embedded import EmbeddedServer

ROWS = 2_000
LENGTH = 10_000  # characters of the shortest of the hostile texts
TIMES = (1, 2, 4, 8)
NOW = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
# what every rule waits for, so that all of them run over the whole of a text
WORDS = (
    " private key $ md5 scram ://hook@ bearer basic authorization cookie password identified by token pin code otp signature 비밀번호 인증"
    ' 계좌 account iban 여권 passport 면허 license 카드 card 주민 resident version 10.1.2.3.4 ::1: a@b.kr 010-1234-5678 ["x", value]'
    " 4111111111111111 </x> ` ' = %3D ?a=b&c=d; --password curl -u docker -p redis-cli -a sk-a1b2c3d4e5f6"
)
FUNCTIONS = Path(__file__).parents[1] / "migrations/sql/functions"


class Shape(NamedTuple):
    """What is repeated, what ends the text, and the function that takes it."""

    repeated: str
    end: str = ""
    function: str = "redact_text"

    def text(self, length: int) -> str:
        """Return the shape at about this length."""
        if self.function == "redact_text":
            return (self.repeated * (length // len(self.repeated) + 1))[:length] + self.end + WORDS
        count = length // (len(self.repeated) - 3) + 1
        return "[" + ", ".join(self.repeated.format(number=number) for number in range(count)) + "]"


# near misses of every pattern, and nothing but matches
SHOWN = (
    *("a", "1", " ", '"', "\\", "(", "_", "가나다", "a@", "x@aaaa", "a@a.a.", "@dots.", "kim@example.com ", "a:", "a1:", "1:2:3:4:5:6:7:"),
    *("1.", "1.2.3.", "1.2.3.4 ", "version 1.2.3.4 ", "version ", "010-", "0101", "02-300-", "82-", "(+82)", "+1 ", "010-1234-5678 "),
    *("4111-1111-", "4111 ", "1 ", "4111111111111111 ", "9912311234560 ", "9001011234568 ", "주민번호 ", "11-12-", "면허 11", "계좌 1"),
    *("계좌 110-123-", "account ", "iban DE89 3704", "passport no", "card no ", "0192f0a1-0010-7234-9567-a01012345678 "),
    *("0192f0a1-0010-7234-9567-a01012345678-", "password=hunter2 ", "password=", 'password: "a', "password='", "password=`", "password:"),
    *("password=[", "password=a;", "password=a)", "password=((", "password=&", "password[", "password%5B", "password: expired "),
    *("password ", "password_new_", "password for a", "password is a", "identified by '", "secret_secret-", "secret to ", "secret "),
    *("token ", "token=[a,", "<password>a", "api key ", "key.", "pin ", "pw ", "otp ", "otp", "cvv ", "sid=", "?code=", "&code=", "?a=b&"),
    *(
        "비밀번호",
        "비밀번호는 ",
        "비밀번호는 a ",
        "인증번호 ",
        "[1234",
        "[1234] ",
        "cookie:",
        "cookie: a=b; ",
        "cookie: a=b; c",
        "cookies={",
    ),
    *("bearer ", "bearer token ", "basic a", "authorization: a", "authorization: digest ", "digest id=", "oauth ", "aws4-", "aws4-a "),
    *("://a:", "://a:b", "://aaaaaaaaaaaaaaaaaaaa", "://a/hooks/", "://hooks.a/", '"token",', '"token", value', "--a-", "--a-b-c-"),
    *(
        "curl x ",
        "curl -u ",
        "mysql x ",
        "docker login ",
        "sk-",
        "sk-aaaaaa",
        "sk_1",
        "eyJaaaaaaaa.",
        "eyJaaaaaaaa.a.a",
        "eyJaaaaaaaa-",
        "gl",
        "xox",
    ),
    *("Maaaaaaaaaaaaaaaaaaaaaaa.", "a" * 30 + ".", "AC0123456789abcdef", "0123456789abcdef0123456789abcdef-", "$a$", "$argon2id$"),
    *("scram-", "scrypt", "md5", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----MII"),
)
SHAPES = {
    **{shown: Shape(shown) for shown in SHOWN},
    "@ at the end": Shape("a.a.", "@"),
    "a word and an @": Shape("a" * 30 + "@"),
    "full width": Shape("１２３"),  # noqa: RUF001
    "decomposed Hangul": Shape("\u1107\u1175"),
    "blanks of no width": Shape("\u200b"),
    "control characters": Shape("\x01"),
    "a hook at the end": Shape("://a/b/c/", "hook"),
    "an element at the end": Shape("<token", "</"),
    "a quote at the end": Shape("; a=b", 'cookie: "'),
    "JSON": Shape('{"password":'),
    "JSON: keys": Shape('{{"010-1234-{number:04}": "a@b.kr"}}', function="redact_jsonb"),
    "JSON: pairs": Shape('["Authorization", "Basic {number}"]', function="redact_jsonb"),
    "JSON: names": Shape('{{"value": "a{number}", "name": "Cookie"}}', function="redact_jsonb"),
    "JSON: escapes": Shape('"\\n{number}\\"password"', function="redact_jsonb"),
}


def figures(server: EmbeddedServer) -> Iterator[Figure]:
    """Measure inserts of ordinary and of seeded rows, and the worst of the shapes."""
    with database(server) as connection:
        first, ours = (schema(connection, name, versions) for name, versions in (("first", {1}), ("ours", None)))
        for what, rows in (("ordinary rows", [row(Random(number)) for number in range(ROWS)]), ("seeded rows, some masked", seeded())):
            there = json.dumps(rows)
            other, mine = medians(*(lambda name=name, there=there: fill(connection, name, there) for name in (first, ours)))
            yield Figure(f"a log of {ROWS} {what}, s", "the first version", mine, other, 2 if what == "ordinary rows" else 3)
        worst = max(shapes(connection, (TIMES[0], TIMES[-1]), rounds=1), key=lambda measured: measured[1][-1] / measured[1][0])
        yield Figure(f"redacting {TIMES[-1] * LENGTH} characters ({worst[0]!r}), s", f"of {LENGTH}", worst[1][-1], worst[1][0], 16)


def shapes(connection: Connection, lengths: tuple[int, ...] = TIMES, rounds: int = 2) -> Iterator[tuple[str, list[float]]]:
    """Time every shape at every length, the best of the rounds."""
    for name, shape in SHAPES.items():
        times = []
        for each in lengths:
            value, taken = shape.text(each * LENGTH), []
            for _ in range(rounds):
                begun = time.perf_counter()
                kind = "text" if shape.function == "redact_text" else "jsonb"
                connection.execute(text(f"SELECT ours.{shape.function}(CAST(:value AS {kind})) IS NULL"), {"value": value})
                taken.append(time.perf_counter() - begun)
            times.append(min(taken))
        yield name, times


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


def seeded() -> list[dict[str, object]]:
    """Return rows as the seeds write them: most are ordinary, some hold a phone number or a key."""
    order = Order("standard", (ROWS + 22) / 4_000)
    module, world = seeds("logs"), seeds("world").World(0, order.story, order.scale, NOW)
    rows = (dict(zip(module.columns, each, strict=True)) for each in module.rows(world))
    return [{**each, "context": each["context"].obj} | {"id": None, "created_at": None} for each in rows][-ROWS:]


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


def main() -> None:
    """Print the time of every shape at every length, in milliseconds, and what eight times the length costs."""
    with running() as server:
        for figure in figures(server):
            print("  ".join(figure.cells))
        with database(server) as connection:
            schema(connection, "ours", None)
            for name, times in sorted(shapes(connection), key=lambda measured: measured[1][0] / measured[1][-1]):
                print(f"{name:45}", *(f"{taken * 1e3:8.1f}" for taken in times), f"{times[-1] / times[0]:6.1f}")


if __name__ == "__main__":
    main()

"""Search against pg_trgm and ILIKE: how fast, how large, what it costs to write, and what it finds.

``SEARCH_ROWS=1000000 SEARCH_TEXT=messages.tsv.gz make bench`` gives the figures of docs/search.md, in some ten minutes.
Without a text of yours, words are made up, and nothing is compared with morphemes.
"""

from __future__ import annotations

import os
import re
import statistics
import string
import sys
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import NullPool

from app_schema import migrate
from app_schema.engine import administer, create_engine
from benchmarks import morphemes
from benchmarks.figure import Figure
from benchmarks.korean import texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from app_schema.embedded import EmbeddedServer

ROWS = int(os.environ.get("SEARCH_ROWS", "100000"))
PATH = os.environ.get("SEARCH_TEXT")  # a text a line after its last tab, plain or gzip
FEW = 10_000  # rows that frequent terms are compared with
ANALYSED = 5_000
WRITTEN, INSERTED, ROUNDS = 20_000, 2_000, 3
PAGE, EACH, RARE = 20, 12, 5  # hits of a page; queries of a kind; rare ones
SAMPLED = 5_000  # texts that queries are taken from
FREQUENT = 0.02  # of the texts
SEASONAL = "첫눈맞이"  # in every fifth text of the older half
START = datetime(2026, 1, 1, tzinfo=UTC)
LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
KINDS = (
    *("[가-힣]", "[가-힣]{2}", "[가-힣]{3}", "[가-힣]{4,7}", "[가-힣]{2,3} [가-힣]{2,3}"),
    *("[A-Za-z]{2,}", "[0-9]+[가-힣]?|[0-9]+[.][0-9]+", r"[^\w\s]{1,3}|[A-Za-z][+]+"),
)
# pg_trgm sees no Hangul where the locale does not know it
LOCALE = f"LOCALE_PROVIDER libc LOCALE '{'C.UTF-8' if sys.platform == 'linux' else 'en_US.UTF-8'}'"
ALL_ON = ", p_inflected => true, p_spacing => true"
INDEXES = {
    "content": "CREATE INDEX idx_messages_content_search ON messages USING gin (search_terms(content))",
    "trigrams": "CREATE INDEX idx_trigrams ON messages USING gin (content gin_trgm_ops)",
}


def figures(server: EmbeddedServer) -> Iterator[Figure]:
    """Measure pages, size, writing and quality, on messages with every other index and trigger in place."""
    sample = list(islice(texts(ROWS, PATH), ANALYSED))
    said = [each + f" {SEASONAL}" * (number < ROWS // 2 and number % 5 == 0) for number, each in enumerate(texts(ROWS, PATH))]
    folded = [each.translate(LOWER) for each in said]
    queries = [query for kind in KINDS for query in asked(said, kind)]
    with ExitStack() as stack:
        ours, theirs, bare, few = (
            stack.enter_context(database(server, f"bench_{name}", rows, index))
            for name, rows, index in (
                ("ours", said, "content"),
                ("theirs", said, "trigrams"),
                ("bare", said, None),
                ("few", said[:FEW], "content"),
            )
        )
        same = sum(search(ours, query) == truth(folded, query) for query in (*queries, SEASONAL))
        yield Figure(f"pages of {PAGE}, {ROWS:,} messages", "literal substrings", same, len(queries) + 1, at_least=1)
        mine, other = taken(partial(search, ours), queries), taken(partial(match, theirs), queries)
        yield Figure(f"newest {PAGE}, p50, ms", "pg_trgm and ILIKE", p50(mine), p50(other), 1 / 4)
        yield Figure(f"newest {PAGE}, p95, ms", "pg_trgm and ILIKE", p95(mine), p95(other), 1 / 50)
        frequent = [query for query in queries if min(share(folded, query), share(folded[:FEW], query)) > FREQUENT]
        many, some = (taken(partial(search, where), frequent) for where in (ours, few))
        yield Figure(f"newest {PAGE} of {len(frequent)} frequent, p95, ms", f"{FEW:,} messages", p95(many), p95(some), 1.3)
        mine, other = taken(partial(search, ours), [SEASONAL]), taken(partial(fetch, ours), [SEASONAL])
        yield Figure(f"newest {PAGE}, in 20 % of the older half alone, ms", "every match fetched", p50(mine), p50(other), 1 / 1.5)
        rare = rarities(folded)
        mine, other = taken(partial(search, ours), rare), taken(partial(walk, bare), rare)
        yield Figure(f"newest {PAGE}, rare, p50, ms", "ILIKE along created_at", p50(mine), p50(other), 1 / 500)
        yield Figure("index, MB", "pg_trgm's", size(ours, "idx_messages_content_search"), size(theirs, "idx_trigrams"), 0.70)
        copied = [min(column) for column in zip(*[[copy(where, said) for where in (ours, theirs)] for _ in range(ROUNDS)], strict=True)]
        yield Figure("COPY, rows/s", "with pg_trgm's", *(WRITTEN / seconds for seconds in copied), at_least=1.05)
        yield Figure("single INSERT, p50, µs", "without the index", *inserted(ours, bare, said), 2)
    if PATH is None:  # an analyser of Korean says nothing about words that nobody knows
        return
    with database(server, "bench_words", sample, "content") as words:
        as_typed, all_on = (morphemes.score(sample, partial(everything, words, options=options)) for options in ("", ALL_ON))
        yield Figure("F1, every option on", "morphemes of kiwipiepy", all_on, 1, at_least=0.76)
        yield Figure("F1, every option on", "as typed: substrings", all_on, as_typed, at_least=1.05)


@contextmanager
def database(server: EmbeddedServer, name: str, said: list[str], index: str | None) -> Iterator[psycopg.Connection]:
    """Yield a connection to a migrated database with those messages, searched by one index or none."""
    with administer(server.url("postgres")) as administrator:
        administrator.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {LOCALE}")
        try:
            engine = create_engine(server.url(name), schema="public", poolclass=NullPool)
            migrate.upgrade(engine)
            with engine.connect() as pooled:
                connection = pooled.connection.driver_connection
                connection.autocommit = True
                prepare(connection, said, index)
                yield connection
        finally:
            administrator.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def prepare(connection: psycopg.Connection, said: list[str], index: str | None) -> None:
    """Load first and index then, as a restore does; the index on translations, of which there are none, stays on our side."""
    connection.execute("DROP INDEX idx_messages_content_search")
    if index != "content":
        connection.execute("DROP INDEX idx_messages_translation_search")
        connection.execute("DROP TRIGGER messages_normalize_message ON messages")
    user = connection.execute("INSERT INTO users (email, name) VALUES ('a@example.kr', 'a') RETURNING id").fetchone()[0]
    connection.execute("INSERT INTO conversations (id, user_id) SELECT uuidv7(), %s FROM generate_series(1, %s)", [user, len(said) // 20])
    copy(connection, said, len(said))
    if index == "trigrams":
        connection.execute("CREATE EXTENSION pg_trgm")
    if index:
        connection.execute(INDEXES[index])
    connection.execute("VACUUM ANALYZE messages")


def copy(connection: psycopg.Connection, said: list[str], rows: int = WRITTEN) -> float:
    """Write messages, a second apart, and return the seconds that it took; their ids say which text they are."""
    talks = [row[0] for row in connection.execute("SELECT id FROM conversations ORDER BY id")]
    there = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
    lines = [
        (UUID(int=there + number), talks[number % len(talks)], "user", said[number % len(said)], START + timedelta(seconds=there + number))
        for number in range(rows)
    ]
    begun = time.perf_counter()
    with connection.cursor().copy("COPY messages (id, conversation_id, sender_type, content, created_at) FROM STDIN") as stream:
        for line in lines:
            stream.write_row(line)
    return time.perf_counter() - begun


def asked(said: list[str], kind: str) -> list[str]:
    """Return what people might type: pieces of the texts themselves, as many of each kind where there are as many."""
    dice, pattern = Random(kind), re.compile(kind)
    pieces = sorted({piece for each in dice.sample(said, min(SAMPLED, len(said))) for piece in pattern.findall(each)})
    return dice.sample(pieces, min(EACH, len(pieces)))


def rarities(folded: list[str]) -> list[str]:
    """Return words of few texts."""
    words = (max(each.split(), key=len, default="") for each in Random(0).sample(folded, min(SAMPLED, len(folded))))
    rare = (word for word in words if len(word) >= 4 and share(folded, word) * len(folded) <= PAGE / 2)
    return list(islice(rare, RARE))


def truth(folded: list[str], query: str) -> list[UUID]:
    """Return the newest texts that hold every word."""
    words, page = query.translate(LOWER).split(), []
    for number in range(len(folded) - 1, -1, -1):
        if all(word in folded[number] for word in words):
            page.append(UUID(int=number))
            if len(page) == PAGE:
                break
    return page


def share(folded: list[str], query: str) -> float:
    """Return the share of the texts that hold every word."""
    words = query.translate(LOWER).split()
    return sum(all(word in each for word in words) for each in folded) / len(folded)


def search(connection: psycopg.Connection, query: str) -> list[UUID]:
    rows = connection.execute("SELECT message_id, content FROM search_messages(%s::text, %s)", [query, PAGE], prepare=True)
    return [row[0] for row in rows]


def everything(connection: psycopg.Connection, query: str, options: str) -> set[int]:
    rows = connection.execute(f"SELECT message_id FROM search_messages(%s::text, 1000{options})", [query])
    return {row[0].int for row in rows}


def match(connection: psycopg.Connection, query: str) -> list[UUID]:
    """Do what one would with pg_trgm; the planner chooses between its index and created_at."""
    patterns = ["%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" for word in query.split()]
    holding = " AND ".join(["content ILIKE %s"] * len(patterns))
    rows = connection.execute(f"SELECT id, content FROM messages WHERE {holding} ORDER BY created_at DESC LIMIT {PAGE}", patterns)
    return [row[0] for row in rows]


def walk(connection: psycopg.Connection, query: str) -> list[UUID]:
    connection.execute("SET enable_seqscan = off")  # along created_at
    return match(connection, query)


def fetch(connection: psycopg.Connection, query: str) -> list[UUID]:
    """Ask the index for every match, and sort them."""
    rows = connection.execute(
        "SELECT id, content FROM messages WHERE search_terms(content) @@ search_query(%s)"
        f" ORDER BY created_at + interval '0' DESC LIMIT {PAGE}",
        [query],
    )
    return [row[0] for row in rows]


def size(connection: psycopg.Connection, index: str) -> float:
    return connection.execute("SELECT pg_relation_size(%s::regclass) / 1e6", [index]).fetchone()[0]


def inserted(ours: psycopg.Connection, bare: psycopg.Connection, said: list[str]) -> list[float]:
    """Insert in turn, and return each side's median in microseconds."""
    statement = "INSERT INTO messages (conversation_id, sender_type, content) VALUES (%s, 'user', %s)"
    talks = [connection.execute("SELECT id FROM conversations LIMIT 1").fetchone()[0] for connection in (ours, bare)]
    spent: list[list[float]] = [[], []]
    with ours.transaction(), bare.transaction():  # what a commit costs is the disk's affair
        for content in said[:INSERTED]:
            for connection, talk, times in zip((ours, bare), talks, spent, strict=True):
                begun = time.perf_counter()
                connection.execute(statement, [talk, content], prepare=True)
                times.append(time.perf_counter() - begun)
    return [statistics.median(times) * 1e6 for times in spent]


def taken(way: Callable[[str], object], queries: list[str]) -> list[float]:
    """Return milliseconds, sorted: of each query the best run of as many as a tenth of a second holds, at least two and at most ten."""
    spent = []
    for query in queries:
        runs: list[float] = []
        while len(runs) < 2 or (len(runs) < 10 and sum(runs) < 0.1):
            begun = time.perf_counter()
            way(query)
            runs.append(time.perf_counter() - begun)
        spent.append(min(runs) * 1e3)
    return sorted(spent)


def p50(spent: list[float]) -> float:
    return spent[len(spent) // 2]


def p95(spent: list[float]) -> float:
    return spent[len(spent) * 95 // 100]

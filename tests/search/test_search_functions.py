"""Index and recheck against the literal truth, text by text."""

import unicodedata

import pytest
from hypothesis import example, given
from literal import folded, holds, queries, texts, words
from psycopg.types.multirange import Multirange
from sqlalchemy import text

BOTH = text("""
    SELECT search_terms(:text) @@ search_query(:query),
           search_matches(:text, NULL, true, (p).patterns, (p).regexes, (p).loose), (p).patterns
    FROM search_patterns(:query) AS p
""")
INFLECTED = """
    예쁘다 예뻤던; 예쁘다 예쁩니다; 아프다 아파요; 모르다 몰랐어; 부르다 불러; 아름답다 아름다운; 만들다 만드는; 깨닫다 깨달았다;
    그렇다 그랬어; 그렇다 그런가; 빨갛다 빨간; 하얗다 하얘; 예약하다 예약했는데; 배우다 배웠다; 나오다 나와서; 느리다 느려요;
    먹다 먹어요; 듣다 들었다; 짓다 지으면; 춥다 추워; 놀다 노는; 오다 왔어요; 가다 갔어요; 되다 됐어; 크다 컸다; 좋다 좋아요;
    가다 가세요; 가다 가시는; 하다 하세요; 하다 하였다; 하다 하여; 되다 되었습니다; 되다 돼; 보다 보았다; 보다 봐; 보다 보네;
    주다 주었다; 주다 줘; 켜다 켰다; 켜다 켜져; 세다 셌다; 건네다 건넸다; 쉬다 쉬었다; 뛰다 뛰어; 크다 큰; 쓰다 쓴
"""
FINDS = text("""
    SELECT search_terms(:text) @@ search_query(:query, :inflected)
           AND search_matches(:text, NULL, false, p.patterns, p.regexes, p.loose), search_highlight(:text, :query, :inflected)
    FROM search_patterns(:query, :inflected) AS p
""")
LONG = ["가" * 10_000, "a b" * 3_333, "".join(map(chr, range(0xAC00, 0xAC00 + 10_000))), "%" * 10_000, "." * 10_000]


@given(texts, queries)
@example("it's 100% C:\\a_b", "100% 's \\a_")
@example("1980년대 friend c++ A+ ★", "80년대 end C++ a+ ★")
@example("가나", "\u1100\u1161")
@example("끝...", "...")
@example("v1.2.3", "1.2")
@example("3.5점", ".5점")
def test_a_text_is_found_by_what_it_holds(connection, content, query):
    content = unicodedata.normalize("NFC", content)
    indexed, matches, patterns = connection.execute(BOTH, {"text": content, "query": query}).one()
    assert matches is holds(content, query) or patterns == []
    assert indexed or not holds(content, query)


@given(texts)
def test_every_piece_of_a_text_finds_it(connection, content):
    """The index never loses a text, wherever a word is cut."""
    content = unicodedata.normalize("NFC", content)
    pieces = {word[start:stop] for word in words(content) for start in range(len(word)) for stop in range(start + 1, len(word) + 1)}
    lost = text("SELECT piece FROM unnest(CAST(:pieces AS text[])) AS piece WHERE NOT search_terms(:text) @@ search_query(piece)")
    found = [piece for piece in pieces if unicodedata.is_normalized("NFC", piece)]
    assert connection.scalars(lost, {"pieces": found, "text": content}).all() == []


@given(texts, queries)
def test_spans_are_where_the_words_are(connection, content, query):
    content = unicodedata.normalize("NFC", content)
    spans = connection.scalar(text("SELECT search_spans(:text, :query)"), {"text": content, "query": query})
    covered = {place for span in spans for place in range(span.lower, span.upper)}
    wanted = set()
    for word in words(query):
        place = folded(content).find(word)
        while place >= 0:
            wanted |= set(range(place, place + len(word)))
            place = folded(content).find(word, place + len(word))
    assert covered == wanted
    marked = text("SELECT search_highlight(:text, :query, p_start => '', p_stop => '')")
    assert connection.scalar(marked, {"text": content, "query": query}) == content


@given(texts, queries)
def test_no_text_is_an_error(connection, content, query):
    """Whatever is typed, with every option."""
    everything = text("""
        SELECT search_terms(:text), search_initials(:text), search_query(:query, true, true), search_highlight(:text, :query, true, true),
               search_score(:text, :query, true, true),
               (SELECT count(*) FROM search_messages(:query, p_inflected => true, p_spacing => true, p_order => 'relevance')),
               (SELECT count(*) FROM search_documents(:query, p_inflected => true, p_spacing => true))
    """)
    assert len(connection.execute(everything, {"text": content, "query": query}).one()) == 7


@pytest.mark.parametrize("query", LONG, ids=range(len(LONG)))
def test_ten_thousand_characters(connection, query):
    insert = text("SELECT search_terms(:query) @@ search_query(:query), search_spans(:query, :query), search_query(:query, true, true)")
    found, spans, _ = connection.execute(insert, {"query": query}).one()
    assert found
    assert spans
    connection.execute(text("SELECT * FROM search_messages(:query, p_inflected => true, p_spacing => true)"), {"query": query}).all()


@pytest.mark.parametrize("pair", INFLECTED.split(";"))
def test_a_dictionary_form_finds_its_inflections(connection, pair):
    word, inflected = pair.split()
    said = f"어제 {inflected} 라고"
    assert connection.scalar(FINDS, {"text": said, "query": word, "inflected": False}) is False
    found, marked = connection.execute(FINDS, {"text": said, "query": word, "inflected": True}).one()
    assert found
    assert marked.startswith("어제 <mark>")


@pytest.mark.parametrize("said", ["액션영화", "액션 영화", "액 션 영 화", "이 액션 영화를"])
def test_spacing_is_free_where_asked_for(connection, said):
    for query in ("액션영화", "액션 영화"):
        finds = text("""
            SELECT search_terms(:text) @@ search_query(:query, false, true),
                   search_matches(:text, NULL, false, p.patterns || p.loose, p.regexes, '{}'),
                   search_matches(:text, NULL, false, p.patterns, p.regexes, p.loose), search_spans(:text, :query, false, true)
            FROM search_patterns(:query, false, true) AS p
        """)
        indexed, exact, loose, spans = connection.execute(finds, {"text": said, "query": query}).one()
        if query == "액션영화":
            assert indexed
            assert exact is (query in said)
            assert loose is not exact
            start = said.index("액")
            assert spans == Multirange([type(spans[0])(start, said.index("화") + 1)])


def test_score_prefers_word_starts_many_and_short(connection):
    def score(content, query="영화"):
        return connection.scalar(text("SELECT search_score(:text, :query)"), {"text": content, "query": query})

    assert score("좋은 영화") > score("액션영화") > score("책") == 0
    assert score("영화 영화") > score("영화 필름")
    assert score("영화") > score("영화" + " 그리고" * 100)


def test_initials_are_as_long_as_the_title(connection):
    initials = connection.scalar(text("SELECT search_initials('보고서 3.pdf 까치👍')"))
    assert initials == "ㅂㄱㅅ 3.pdf ㄲㅊ👍"

"""What is talked about with the AI: questions and answers in the words of ``reference/ai_chats.csv``. No table of its own."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import ContentType, MessageStatus, SenderType, TranslationStatus

from .slots import Story, ranges
from .wire import line
from .world import reference

if TYPE_CHECKING:
    from .world import World

VARIANTS = 96  # ways in which a conversation may begin with a topic
SEARCHED = 2  # a topic that begins with a search
LATER = 24  # and in which one may come to it
TURNS = ("", "", "", "그리고 ", "다른 것도 여쭤볼게요. ", "하나만 더요. ", "참, ", "이어서 물어볼게요. ")
# now and then behind an answer in one paragraph, by the field it is of
TAILS = {
    "medical": ("더 궁금한 점이 있으면 물어보세요.", "증상이 달라지면 의료진과 상의하세요.", "참고로만 보시고 진료 때 다시 확인하세요."),
    "office": ("고칠 곳이 있으면 말씀해 주세요.", "필요하면 더 짧게 줄여 드릴게요."),
    "code": ("결과를 알려 주시면 이어서 보겠습니다.", "다른 오류가 나면 전체 메시지를 붙여 주세요."),
    "life": ("더 필요한 것이 있으면 말씀해 주세요.", "즐거운 시간 보내세요!"),
}
FOUND = {
    "search_documents": (
        "문서 {n:2-9}건을 찾음: {hospital} 진료 지침 {page:3-90}쪽",
        "문서 {n:1-5}건을 찾음: 복약 안내 {page:3-90}쪽",
        "맞는 문서가 없음",
    ),
    "search_web": ("검색 결과 {n:4-60}건", "검색 결과 {n:4-60}건, 앞의 {page:2-4}건을 읽음"),
    "query_statistics": ("행 {n:1-62}개", "행 {n:1-62}개, {ms:4-900}ms"),
    "translate": ("번역 1건 ({ms:180-2400}ms)",),
}


class Said(NamedTuple):
    gap: int  # milliseconds since the line before, at an ordinary pace
    sender: SenderType
    size: int  # tokens, about
    words: str  # what these words bring along, as COPY writes the columns WORDS


class Told(NamedTuple):
    title: str  # as COPY writes it
    said: list[Said]  # questions, each with its answer, and with what a tool found between them


def count() -> int:
    """Return how many topics there are; those asked about most come first in each field."""
    return len(_topics())


@cache
def field(topic: int) -> range:
    """Return the topics of the same field."""
    fields = [exchanges[0]["field"] for exchanges in _topics()]
    first = fields.index(fields[topic])
    return range(first, first + fields.count(fields[topic]))


@lru_cache(maxsize=8192)
def told(world: World, topic: int, variant: int) -> Told:
    """Tell one topic; variants from ``VARIANTS`` on come later in a conversation, and have no greeting."""
    written = _topics()[topic]
    dice = world.dice("topics", topic, variant)
    told = tuple(text for exchange in written for text in (exchange["title"], exchange["question"], exchange["answer"]))
    story = Story(dice, ranges(told))
    spoken: list[Said] = []
    for place, exchange in enumerate(written):
        turn = dice.choice(TURNS) if variant >= VARIANTS and not place else ""
        question, answer = turn + story.told(exchange["question"]), story.told(exchange["answer"])
        if "\n" not in answer and dice.random() < 0.4:
            answer = f"{answer} {dice.choice(TAILS[written[0]['field']])}"
        spoken.append(said(SenderType.USER, question, gap=4_000 + 250 * len(question) + int(dice.lognormvariate(10.2, 1))))
        if exchange["tool"]:
            looked = dice.choice(FOUND[exchange["tool"]])
            found = Story(dice, ranges((looked,))).told(looked)
            spoken.append(said(SenderType.TOOL, found, gap=dice.randrange(900, 4_000), tool=exchange["tool"]))
        spoken.append(said(SenderType.ASSISTANT, answer, gap=dice.randrange(1_200, 3_000) + 25 * len(answer)))
    return Told(line(story.told(written[0]["title"]))[:-1], spoken)


def said(  # noqa: PLR0913 (a column each)
    sender: SenderType, content: str, *, gap: int, status: MessageStatus = MessageStatus.DONE, error: str | None = None, tool: str = ""
) -> Said:
    """Write what somebody said."""
    is_answer = sender is SenderType.ASSISTANT
    size = 2 * len(content) // 3 + 1 if content else 0
    words = line(
        *(sender, content, ContentType.MARKDOWN if is_answer and status is MessageStatus.DONE else ContentType.TEXT),
        *("ko", None, None, TranslationStatus.NONE, size if is_answer else None, status, error),
        f'{{"tool": "{tool}"}}' if tool else "{}",
    )
    return Said(gap, sender, size, words)


def cut(answer: Said, letters: int, status: MessageStatus) -> Said:
    """Return the beginning of an answer that did not come to its end."""
    return said(answer.sender, answer.words.split("\t")[1].partition("\\")[0][:letters], gap=answer.gap, status=status)


@cache
def _topics() -> list[list[dict[str, str]]]:
    topics: dict[str, list[dict[str, str]]] = {}
    for exchange in reference("ai_chats"):
        topics.setdefault(exchange["topic"], []).append(exchange)
    return list(topics.values())

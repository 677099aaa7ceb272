"""Search in Korean and any other script: the SQL functions ``search_…``, called and typed (docs/search.md).

hits = search_messages(session, "예약 변경", room_id=room.id)
hits = await search_messages(async_session, "예약 변경", before=hits[-1].cursor)
"""

from app_schema.search.functions import search_conversations, search_documents, search_messages, search_workflows
from app_schema.search.hits import ConversationHit, Cursor, DocumentHit, MessageHit, Span, WorkflowHit
from app_schema.search.options import MessageOptions, Order, TitleOptions

__all__ = [
    "ConversationHit",
    "Cursor",
    "DocumentHit",
    "MessageHit",
    "MessageOptions",
    "Order",
    "Span",
    "TitleOptions",
    "WorkflowHit",
    "search_conversations",
    "search_documents",
    "search_messages",
    "search_workflows",
]

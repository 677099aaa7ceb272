"""Search in Korean and any other script: the SQL functions ``search_…``, called and typed (docs/search.md).

``search_messages(session, "예약 취소")`` on a session, ``await search_messages(session, "예약 취소")`` on an async one.
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

"""Every table by name. Importing this module fills ``metadata``."""

from app_schema.models.agent import Agent, AgentRole, AgentStatus
from app_schema.models.agent_session import AgentSession
from app_schema.models.ai_request_stat import AiOperation, AiRequestStat, AiRequestStatus
from app_schema.models.ai_usage_daily import AiUsageDaily
from app_schema.models.api_key import ApiKey, ApiKeyKind
from app_schema.models.base import Base, uuid7
from app_schema.models.cache_metadata import CacheMetadata
from app_schema.models.chat_room import ChatRoom, RoomStatus
from app_schema.models.conversation import Conversation, ConversationStatus
from app_schema.models.customer_session import CustomerSession
from app_schema.models.document import Document, DocumentStatus
from app_schema.models.guardrail import Guardrail, GuardrailAction, GuardrailStage, RuleType
from app_schema.models.log import Log, LogLevel
from app_schema.models.mcp_connection import AuthType, McpConnection, McpStatus, Transport
from app_schema.models.message import ContentType, Message, MessageStatus, SenderType, TranslationStatus
from app_schema.models.types import PasswordHash, TokenHash
from app_schema.models.user import User, UserRole, UserStatus
from app_schema.models.user_session import UserSession
from app_schema.models.workflow import TriggerType, Workflow, WorkflowStatus
from app_schema.models.workflow_execution import ExecutionStatus, WorkflowExecution

metadata = Base.metadata

__all__ = [
    "Agent",
    "AgentRole",
    "AgentSession",
    "AgentStatus",
    "AiOperation",
    "AiRequestStat",
    "AiRequestStatus",
    "AiUsageDaily",
    "ApiKey",
    "ApiKeyKind",
    "AuthType",
    "Base",
    "CacheMetadata",
    "ChatRoom",
    "ContentType",
    "Conversation",
    "ConversationStatus",
    "CustomerSession",
    "Document",
    "DocumentStatus",
    "ExecutionStatus",
    "Guardrail",
    "GuardrailAction",
    "GuardrailStage",
    "Log",
    "LogLevel",
    "McpConnection",
    "McpStatus",
    "Message",
    "MessageStatus",
    "PasswordHash",
    "RoomStatus",
    "RuleType",
    "SenderType",
    "TokenHash",
    "TranslationStatus",
    "Transport",
    "TriggerType",
    "User",
    "UserRole",
    "UserSession",
    "UserStatus",
    "Workflow",
    "WorkflowExecution",
    "WorkflowStatus",
    "metadata",
    "uuid7",
]

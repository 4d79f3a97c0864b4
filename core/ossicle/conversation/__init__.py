"""Conversations: turns, and the history that is told again on each of them."""

from ossicle.conversation.archive import export_state, import_state
from ossicle.conversation.conversation import AsyncConversation
from ossicle.conversation.document import write_turn
from ossicle.conversation.history_policy import (
    HistoryChange,
    HistoryPlan,
    HistoryPolicy,
    HistoryReport,
    Summary,
)
from ossicle.conversation.model_backend import ModelBackend
from ossicle.conversation.options import (
    ConversationOptions,
    NewConversationOptions,
    OpenConversationOptions,
)
from ossicle.conversation.persistence import (
    ConversationStore,
    NullStore,
    StorePersistence,
    load_state,
    persistence_of,
)
from ossicle.conversation.planner import plan_history
from ossicle.conversation.retention import RetentionChoice, RetentionPolicy, retention_of
from ossicle.conversation.state import ConversationState, Summarizer, new_id
from ossicle.conversation.stream import ConversationStream
from ossicle.conversation.toolbox import ToolCallback
from ossicle.conversation.totals import ConversationReceipt
from ossicle.conversation.turn import Turn, TurnState

__all__ = [
    "AsyncConversation",
    "ConversationOptions",
    "ConversationReceipt",
    "ConversationState",
    "ConversationStore",
    "ConversationStream",
    "HistoryChange",
    "HistoryPlan",
    "HistoryPolicy",
    "HistoryReport",
    "ModelBackend",
    "NewConversationOptions",
    "NullStore",
    "OpenConversationOptions",
    "RetentionChoice",
    "RetentionPolicy",
    "StorePersistence",
    "Summarizer",
    "Summary",
    "ToolCallback",
    "Turn",
    "TurnState",
    "export_state",
    "import_state",
    "load_state",
    "new_id",
    "persistence_of",
    "plan_history",
    "retention_of",
    "write_turn",
]

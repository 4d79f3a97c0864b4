"""What a conversation may be told, defined once for every method that makes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from ossicle.conversation.history_policy import HistoryPolicy
from ossicle.conversation.retention import RetentionChoice
from ossicle.conversation.state import Summarizer
from ossicle.conversation.toolbox import ToolCallback
from ossicle.messages import Tool


class ConversationOptions(TypedDict, total=False):
    """Options of every conversation, new, stored or from a file.

    Attributes:
        tools: Offered on every turn that names no others.
        on_tool_call: Runs them, once their arguments fit their schema; `None` denies all.
        summarize: Sums up turns that leave the history over its budget.
    """

    tools: Sequence[Tool]
    on_tool_call: ToolCallback | None
    summarize: Summarizer | None


class OpenConversationOptions(ConversationOptions, total=False):
    """Options of `conversations.open`.

    Attributes:
        retention: What of it may be written down from now on; what it allows no more is deleted at
            once, and no byte of it is left. `None`: as it was.
    """

    retention: RetentionChoice | None


class NewConversationOptions(ConversationOptions, total=False):
    """Options of `conversation`.

    Attributes:
        model: Other than the client's: `"model"`, `"provider"` or `"provider:model"`.
        instructions: How the model must behave.
        history_policy: How much is told again on each turn.
        id: For the store; `None`: a random one. Go on with a stored one by `conversations.open`.
        retention: What of it may be written down; `None`: as the client says.
    """

    model: str | None
    instructions: str | None
    history_policy: HistoryPolicy | None
    id: str | None
    retention: RetentionChoice | None

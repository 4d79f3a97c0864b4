"""One audio layer between an application and any model that hears or speaks.

Names are resolved when first used: `import ossicle` costs next to nothing.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from ossicle.audio import AudioClip, AudioFacts, AudioFormat, BlockStream, Pcm
    from ossicle.client import (
        AsyncClient,
        BlockingReplyStream,
        CallRecorder,
        Cascade,
        Client,
        ClientSettings,
        Conversation,
        recorded_stats,
    )
    from ossicle.conversation import (
        AsyncConversation,
        ConversationOptions,
        HistoryPolicy,
        NewConversationOptions,
        OpenConversationOptions,
        Turn,
    )
    from ossicle.conversion import Conversion, convert
    from ossicle.errors import OssicleError
    from ossicle.intake import IntakeLimits, decode, load
    from ossicle.messages import (
        AudioDelta,
        AudioPart,
        AudioReference,
        Event,
        Finding,
        Finished,
        Message,
        Receipt,
        Reply,
        TextDelta,
        TextPart,
        Tool,
        ToolCall,
        ToolCallPart,
        ToolResultPart,
        TranscriptDelta,
        Usage,
    )
    from ossicle.pipeline import (
        AudioSource,
        CallOptions,
        Explanation,
        PipelineSettings,
        Plan,
        ReplyStream,
        RespondOptions,
        Retention,
        SpeakOptions,
        TranscribeOptions,
        TurnOptions,
    )
    from ossicle.policy import Budget, BudgetLimits, RetryPolicy
    from ossicle.preprocess import SPEECH
    from ossicle.telemetry import OpenTelemetryListener, Stats, StatsSnapshot
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "audio": "AudioClip AudioFacts AudioFormat BlockStream Pcm",
            "client": (
                "AsyncClient BlockingReplyStream CallRecorder Cascade Client ClientSettings "
                "Conversation recorded_stats"
            ),
            "conversation": (
                "AsyncConversation ConversationOptions HistoryPolicy NewConversationOptions "
                "OpenConversationOptions Turn"
            ),
            "conversion": "Conversion convert",
            "errors": "OssicleError",
            "intake": "IntakeLimits decode load",
            "messages": (
                "AudioDelta AudioPart AudioReference Event Finding Finished Message Receipt Reply "
                "TextDelta TextPart Tool ToolCall ToolCallPart ToolResultPart TranscriptDelta Usage"
            ),
            "pipeline": (
                "AudioSource CallOptions Explanation PipelineSettings Plan ReplyStream "
                "RespondOptions Retention SpeakOptions TranscribeOptions TurnOptions"
            ),
            "policy": "Budget BudgetLimits RetryPolicy",
            "preprocess": "SPEECH",
            "telemetry": "OpenTelemetryListener Stats StatsSnapshot",
        },
    )


__all__ = [
    "SPEECH",
    "AsyncClient",
    "AsyncConversation",
    "AudioClip",
    "AudioDelta",
    "AudioFacts",
    "AudioFormat",
    "AudioPart",
    "AudioReference",
    "AudioSource",
    "BlockStream",
    "BlockingReplyStream",
    "Budget",
    "BudgetLimits",
    "CallOptions",
    "CallRecorder",
    "Cascade",
    "Client",
    "ClientSettings",
    "Conversation",
    "ConversationOptions",
    "Conversion",
    "Event",
    "Explanation",
    "Finding",
    "Finished",
    "HistoryPolicy",
    "IntakeLimits",
    "Message",
    "NewConversationOptions",
    "OpenConversationOptions",
    "OpenTelemetryListener",
    "OssicleError",
    "Pcm",
    "PipelineSettings",
    "Plan",
    "Receipt",
    "Reply",
    "ReplyStream",
    "RespondOptions",
    "Retention",
    "RetryPolicy",
    "SpeakOptions",
    "Stats",
    "StatsSnapshot",
    "TextDelta",
    "TextPart",
    "Tool",
    "ToolCall",
    "ToolCallPart",
    "ToolResultPart",
    "TranscribeOptions",
    "TranscriptDelta",
    "Turn",
    "TurnOptions",
    "Usage",
    "convert",
    "decode",
    "load",
    "recorded_stats",
]

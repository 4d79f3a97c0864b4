"""Requests, replies, events and receipts: what travels through the house."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossicle.messages.events import (
        AudioDelta,
        Event,
        Finished,
        FinishReason,
        InputHeard,
        LanguageDetected,
        ReferenceIssued,
        RefusalDelta,
        ReplyStarted,
        Segment,
        SegmentReported,
        TextDelta,
        ToolCallDelta,
        TranscriptDelta,
        UsageReported,
    )
    from ossicle.messages.fold import ReplyFold, raw_clip
    from ossicle.messages.parts import (
        AUDIO_TO_BOTH,
        AUDIO_TO_TEXT,
        CHAT_AUDIO_ROWS,
        MIXED_TO_BOTH,
        MIXED_TO_TEXT,
        SPEAK,
        TEXT_TO_AUDIO,
        TEXT_TO_TEXT,
        TRANSCRIBE,
        AudioPart,
        AudioReference,
        Message,
        Modality,
        ModalityRow,
        Part,
        Role,
        Task,
        TextPart,
        ToolCallPart,
        ToolResultPart,
    )
    from ossicle.messages.receipt import (
        Attempt,
        AudioRecord,
        CacheOrigin,
        CallOutcome,
        Estimate,
        Finding,
        Receipt,
        Severity,
        Step,
    )
    from ossicle.messages.reply import Reply
    from ossicle.messages.request import Request
    from ossicle.messages.tools import TOOL_NAME, NamedTool, Tool, ToolCall, ToolChoice
    from ossicle.messages.usage import Cost, CostBasis, Usage, sum_costs
    from ossicle.messages.value import Value
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "events": (
                "AudioDelta Event Finished FinishReason InputHeard LanguageDetected "
                "ReferenceIssued RefusalDelta ReplyStarted Segment SegmentReported TextDelta "
                "ToolCallDelta TranscriptDelta UsageReported"
            ),
            "fold": "ReplyFold raw_clip",
            "parts": (
                "AUDIO_TO_BOTH AUDIO_TO_TEXT CHAT_AUDIO_ROWS MIXED_TO_BOTH MIXED_TO_TEXT SPEAK "
                "TEXT_TO_AUDIO TEXT_TO_TEXT TRANSCRIBE Modality ModalityRow Task AudioPart "
                "AudioReference Message Part Role TextPart ToolCallPart ToolResultPart"
            ),
            "receipt": (
                "Attempt AudioRecord CacheOrigin CallOutcome Estimate Finding Receipt Severity Step"
            ),
            "reply": "Reply",
            "request": "Request",
            "tools": "TOOL_NAME NamedTool Tool ToolCall ToolChoice",
            "usage": "Cost CostBasis Usage sum_costs",
            "value": "Value",
        },
    )

__all__ = [
    "AUDIO_TO_BOTH",
    "AUDIO_TO_TEXT",
    "CHAT_AUDIO_ROWS",
    "MIXED_TO_BOTH",
    "MIXED_TO_TEXT",
    "SPEAK",
    "TEXT_TO_AUDIO",
    "TEXT_TO_TEXT",
    "TOOL_NAME",
    "TRANSCRIBE",
    "Attempt",
    "AudioDelta",
    "AudioPart",
    "AudioRecord",
    "AudioReference",
    "CacheOrigin",
    "CallOutcome",
    "Cost",
    "CostBasis",
    "Estimate",
    "Event",
    "Finding",
    "FinishReason",
    "Finished",
    "InputHeard",
    "LanguageDetected",
    "Message",
    "Modality",
    "ModalityRow",
    "NamedTool",
    "Part",
    "Receipt",
    "ReferenceIssued",
    "RefusalDelta",
    "Reply",
    "ReplyFold",
    "ReplyStarted",
    "Request",
    "Role",
    "Segment",
    "SegmentReported",
    "Severity",
    "Step",
    "Task",
    "TextDelta",
    "TextPart",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallPart",
    "ToolChoice",
    "ToolResultPart",
    "TranscriptDelta",
    "Usage",
    "UsageReported",
    "Value",
    "raw_clip",
    "sum_costs",
]

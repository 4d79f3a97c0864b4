"""From a request to a reply: plan, prepare, check, dispatch, deliver."""

from ossicle.pipeline.call_cache import CachePolicy, Retention
from ossicle.pipeline.call_request import (
    CallRequest,
    as_call_options,
    check_names,
    checked_seconds,
    request_of,
)
from ossicle.pipeline.options import (
    AudioSource,
    CacheUse,
    CallOptions,
    RespondOptions,
    SpeakOptions,
    TranscribeOptions,
    TurnOptions,
    takes,
)
from ossicle.pipeline.plan import ClipPlan, Explanation, OutputPlan, Plan
from ossicle.pipeline.prepared_call import explain_call
from ossicle.pipeline.reply_stream import ReplyStream
from ossicle.pipeline.runtime import Runtime, make_runtime
from ossicle.pipeline.settings import PipelineSettings, Quality

__all__ = [
    "AudioSource",
    "CachePolicy",
    "CacheUse",
    "CallOptions",
    "CallRequest",
    "ClipPlan",
    "Explanation",
    "OutputPlan",
    "PipelineSettings",
    "Plan",
    "Quality",
    "ReplyStream",
    "RespondOptions",
    "Retention",
    "Runtime",
    "SpeakOptions",
    "TranscribeOptions",
    "TurnOptions",
    "as_call_options",
    "check_names",
    "checked_seconds",
    "explain_call",
    "make_runtime",
    "request_of",
    "takes",
]

"""From a request to a reply: plan, prepare, check, dispatch, deliver."""

from ossicle.pipeline.call_cache import CachePolicy, CacheUse, Retention
from ossicle.pipeline.call_request import CallRequest
from ossicle.pipeline.plan import ClipPlan, OutputPlan, Plan
from ossicle.pipeline.prepared_call import Explanation, explain_call
from ossicle.pipeline.reply_stream import ReplyStream
from ossicle.pipeline.runtime import Runtime, make_runtime
from ossicle.pipeline.settings import PipelineSettings, Quality

__all__ = [
    "CachePolicy",
    "CacheUse",
    "CallRequest",
    "ClipPlan",
    "Explanation",
    "OutputPlan",
    "PipelineSettings",
    "Plan",
    "Quality",
    "ReplyStream",
    "Retention",
    "Runtime",
    "explain_call",
    "make_runtime",
]

"""From a draft to a reply: plan, prepare, check, dispatch, deliver."""

from ossicle.pipeline.cache_use import CacheUse, CacheWish, Retention
from ossicle.pipeline.call import Explanation, explain_call
from ossicle.pipeline.draft import Draft
from ossicle.pipeline.plan import ClipPlan, OutputPlan, Plan
from ossicle.pipeline.reply_stream import ReplyStream
from ossicle.pipeline.settings import SPEECH, PipelineSettings, Quality
from ossicle.pipeline.shop import Shop, open_shop

__all__ = [
    "SPEECH",
    "CacheUse",
    "CacheWish",
    "ClipPlan",
    "Draft",
    "Explanation",
    "OutputPlan",
    "PipelineSettings",
    "Plan",
    "Quality",
    "ReplyStream",
    "Retention",
    "Shop",
    "explain_call",
    "open_shop",
]

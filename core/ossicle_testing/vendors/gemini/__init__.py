"""A fake Gemini over real sockets."""

from ossicle_testing.vendors.chat_model import ChatModel, repeating_model
from ossicle_testing.vendors.gemini.billing import heard_tokens, spoken_tokens, text_tokens
from ossicle_testing.vendors.gemini.models import MODELS, VendorModel
from ossicle_testing.vendors.gemini.vendor import FakeGemini

__all__ = [
    "MODELS",
    "ChatModel",
    "FakeGemini",
    "VendorModel",
    "heard_tokens",
    "repeating_model",
    "spoken_tokens",
    "text_tokens",
]

"""A fake Gemini over real sockets."""

from ossicle.testing.vendors.brain import Brain, repeating_brain
from ossicle.testing.vendors.gemini.billing import heard_tokens, spoken_tokens, text_tokens
from ossicle.testing.vendors.gemini.models import MODELS, VendorModel
from ossicle.testing.vendors.gemini.vendor import FakeGemini

__all__ = [
    "MODELS",
    "Brain",
    "FakeGemini",
    "VendorModel",
    "heard_tokens",
    "repeating_brain",
    "spoken_tokens",
    "text_tokens",
]

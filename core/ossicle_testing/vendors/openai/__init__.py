"""A fake OpenAI over real sockets, and the servers that speak its protocol their own way."""

from ossicle_testing.vendors.chat_model import ChatModel, repeating_model
from ossicle_testing.vendors.openai.billing import heard_tokens, spoken_tokens, text_tokens
from ossicle_testing.vendors.openai.bodies import (
    chat_schema,
    speech_schema,
    transcription_schema,
)
from ossicle_testing.vendors.openai.models import CHAT_VOICES, MODELS, Prices, VendorModel
from ossicle_testing.vendors.openai.quirks import OPENAI, PROFILES, Quirks
from ossicle_testing.vendors.openai.state import AUDIO_LIFETIME_S
from ossicle_testing.vendors.openai.vendor import FakeOpenAI
from ossicle_testing.vendors.schema import Problem, first_problem, problems

__all__ = [
    "AUDIO_LIFETIME_S",
    "CHAT_VOICES",
    "MODELS",
    "OPENAI",
    "PROFILES",
    "ChatModel",
    "FakeOpenAI",
    "Prices",
    "Problem",
    "Quirks",
    "VendorModel",
    "chat_schema",
    "first_problem",
    "heard_tokens",
    "problems",
    "repeating_model",
    "speech_schema",
    "spoken_tokens",
    "text_tokens",
    "transcription_schema",
]

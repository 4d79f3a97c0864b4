"""Hear, think, speak: any recogniser, any brain and any voice as one provider."""

from ossicle.cascade.callables import CallableThinker
from ossicle.cascade.counting import text_tokens
from ossicle.cascade.profile import FREE, cascade_capabilities
from ossicle.cascade.provider import CascadeOptions, CascadeProvider
from ossicle.cascade.providers import ProviderLanguageModel, ProviderRecognizer, ProviderSynthesizer
from ossicle.cascade.sentences import MAX_SENTENCE_CHARS, SentenceSplitter, split_sentences
from ossicle.cascade.stages import Heard, LanguageModel, PerRequest, Piece, Recognizer, Synthesizer

__all__ = [
    "FREE",
    "MAX_SENTENCE_CHARS",
    "CallableThinker",
    "CascadeOptions",
    "CascadeProvider",
    "Heard",
    "LanguageModel",
    "PerRequest",
    "Piece",
    "ProviderLanguageModel",
    "ProviderRecognizer",
    "ProviderSynthesizer",
    "Recognizer",
    "SentenceSplitter",
    "Synthesizer",
    "cascade_capabilities",
    "split_sentences",
    "text_tokens",
]

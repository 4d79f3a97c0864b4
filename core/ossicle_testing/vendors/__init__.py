"""Fake vendors on the loopback interface, with faults, a ledger and a clock of their own."""

from ossicle_testing.vendors.audio import Ear, Voice, decode_audio, encode_reply
from ossicle_testing.vendors.chat_model import ChatModel, repeating_model
from ossicle_testing.vendors.clock import Clock, ManualClock
from ossicle_testing.vendors.corruptions import Corrupt, corrupt
from ossicle_testing.vendors.dead_endpoints import UNRESOLVABLE_URL, refusing_url, silent_url
from ossicle_testing.vendors.deepgram.vendor import FakeDeepgram
from ossicle_testing.vendors.elevenlabs.vendor import FakeElevenLabs
from ossicle_testing.vendors.faults import (
    FAULT_FACTS,
    Fault,
    FaultFacts,
    FaultKind,
    RetryAfter,
    every_fault,
)
from ossicle_testing.vendors.gemini.vendor import FakeGemini
from ossicle_testing.vendors.http import (
    Pause,
    Request,
    Response,
    event,
    json_response,
)
from ossicle_testing.vendors.ledger import Bill, Ledger, LedgerEntry
from ossicle_testing.vendors.multipart import FormPart, parse_form
from ossicle_testing.vendors.openai.vendor import FakeOpenAI
from ossicle_testing.vendors.refusals import (
    Refuse,
    RefusedError,
    plain_refusal,
    retry_after_headers,
)
from ossicle_testing.vendors.schedule import ListedFaults, Schedule, SeededFaults
from ossicle_testing.vendors.schema import Problem, Schema, first_problem, problems
from ossicle_testing.vendors.speech_models import SpeechModels
from ossicle_testing.vendors.tones import VOICE_SAMPLE_RATE, tone_ear, tone_voice
from ossicle_testing.vendors.vendor import FakeVendor, Route, Routes

__all__ = [
    "FAULT_FACTS",
    "UNRESOLVABLE_URL",
    "VOICE_SAMPLE_RATE",
    "Bill",
    "ChatModel",
    "Clock",
    "Corrupt",
    "Ear",
    "FakeDeepgram",
    "FakeElevenLabs",
    "FakeGemini",
    "FakeOpenAI",
    "FakeVendor",
    "Fault",
    "FaultFacts",
    "FaultKind",
    "FormPart",
    "Ledger",
    "LedgerEntry",
    "ListedFaults",
    "ManualClock",
    "Pause",
    "Problem",
    "Refuse",
    "RefusedError",
    "Request",
    "Response",
    "RetryAfter",
    "Route",
    "Routes",
    "Schedule",
    "Schema",
    "SeededFaults",
    "SpeechModels",
    "Voice",
    "corrupt",
    "decode_audio",
    "encode_reply",
    "event",
    "every_fault",
    "first_problem",
    "json_response",
    "parse_form",
    "plain_refusal",
    "problems",
    "refusing_url",
    "repeating_model",
    "retry_after_headers",
    "silent_url",
    "tone_ear",
    "tone_voice",
]

"""The only door for bytes from outside: sniffed, gated, limited while decoded."""

from ossicle.intake.decode_guard import DecodedStream, Refusal
from ossicle.intake.header_limits import check_facts
from ossicle.intake.limits import DEFAULT, TRUSTED, IntakeLimits
from ossicle.intake.load import decode, load
from ossicle.intake.metadata import check_metadata
from ossicle.intake.pcm_converter import PCM_SPEC, PcmConverter

__all__ = [
    "DEFAULT",
    "PCM_SPEC",
    "TRUSTED",
    "DecodedStream",
    "IntakeLimits",
    "PcmConverter",
    "Refusal",
    "check_facts",
    "check_metadata",
    "decode",
    "load",
]

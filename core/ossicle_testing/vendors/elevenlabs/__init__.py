"""A fake ElevenLabs over real sockets."""

from ossicle_testing.vendors.elevenlabs.models import MODELS, VOICES, VendorModel
from ossicle_testing.vendors.elevenlabs.vendor import FakeElevenLabs

__all__ = ["MODELS", "VOICES", "FakeElevenLabs", "VendorModel"]

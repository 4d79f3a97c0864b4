"""A fake ElevenLabs over real sockets."""

from ossicle.testing.vendors.elevenlabs.models import MODELS, VOICES, VendorModel
from ossicle.testing.vendors.elevenlabs.vendor import FakeElevenLabs

__all__ = ["MODELS", "VOICES", "FakeElevenLabs", "VendorModel"]

"""A fake Deepgram over real sockets."""

from ossicle_testing.vendors.deepgram.vendor import FakeDeepgram

__all__ = ["FakeDeepgram"]
